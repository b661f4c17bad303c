//! [`Pages`] and [`Items`]: a list over all its pages, as a stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use edgequake_types::{Decode, Endpoint, Paginated};
use futures_core::Stream;

use super::Call;
use crate::boxed::BoxFuture;
use crate::error::Error;

/// The pages of a list. Each is asked for when the one before has been taken; an error ends the stream.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use edgequake_client::types::documents::ListDocuments;
///
/// let mut pages = client.documents().list(ListDocuments::new().page_size(100)).pages();
/// while let Some(page) = pages.next().await {
///     let page = page?;
///     println!("{} of {}", page.documents.len(), page.total);
/// }
/// # Ok(())
/// # }
/// ```
///
/// [`Items`] gives their elements one by one.
#[must_use = "streams do nothing until they are polled"]
pub struct Pages<E: Endpoint> {
    state: State<E>,
}

type Fetch<E> = BoxFuture<(Call<E>, Result<<E as Endpoint>::Response, Error>)>;

enum State<E: Endpoint> {
    Next(Box<Call<E>>),
    Fetching(Fetch<E>),
    Done,
}

impl<E> Pages<E>
where
    E: Paginated + 'static,
    E::Response: Decode + Send,
{
    pub(crate) fn new(call: Call<E>) -> Self {
        Self { state: State::Next(Box::new(call)) }
    }

    /// The next page; `None` after the last one. Safe to drop: the page is asked for again, or goes on being fetched.
    pub async fn next(&mut self) -> Option<Result<E::Response, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<E: Endpoint> Unpin for Pages<E> {}

impl<E> Stream for Pages<E>
where
    E: Paginated + 'static,
    E::Response: Decode + Send,
{
    type Item = Result<E::Response, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Next(call) => self.state = State::Fetching(Box::pin((*call).fetch())),
                State::Fetching(mut fetch) => {
                    let Poll::Ready((call, result)) = fetch.as_mut().poll(cx) else {
                        self.state = State::Fetching(fetch);
                        return Poll::Pending;
                    };
                    if let Some(next) = result.as_ref().ok().and_then(|page| call.after(page)) {
                        self.state = State::Next(Box::new(next));
                    }
                    return Poll::Ready(Some(result));
                }
                State::Done => return Poll::Ready(None),
            }
        }
    }
}

impl<E: Endpoint> fmt::Debug for Pages<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("done", &matches!(self.state, State::Done)).finish_non_exhaustive()
    }
}

/// The elements of a list over all its pages.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use edgequake_client::types::documents::ListDocuments;
///
/// let mut documents = client.documents().list(ListDocuments::new()).items();
/// while let Some(document) = documents.next().await {
///     println!("{}", document?.id);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "streams do nothing until they are polled"]
pub struct Items<E: Paginated> {
    pages: Pages<E>,
    page: std::vec::IntoIter<E::Item>,
}

impl<E> Items<E>
where
    E: Paginated + 'static,
    E::Response: Decode + Send,
{
    pub(crate) fn new(pages: Pages<E>) -> Self {
        Self { pages, page: Vec::new().into_iter() }
    }

    /// The next element; `None` after the last one. Safe to drop: no element is lost.
    pub async fn next(&mut self) -> Option<Result<E::Item, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<E: Paginated> Unpin for Items<E> {}

impl<E> Stream for Items<E>
where
    E: Paginated + 'static,
    E::Response: Decode + Send,
{
    type Item = Result<E::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.page.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(cx)) {
                Some(Ok(page)) => self.page = E::items(page).into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<E: Paginated> fmt::Debug for Items<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("at_hand", &self.page.len()).finish_non_exhaustive()
    }
}
