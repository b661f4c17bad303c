//! [`Pages`] and [`Items`]: a list over all its pages, as a stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use edgequake_types::{Decode, Endpoint, PageWalk, Paginated};
use futures_core::Stream;

use super::Call;
use crate::boxed::BoxFuture;
use crate::error::Error;

/// The pages of a list. Each is asked for when the one before has been taken.
///
/// Every element comes once: one that moved to a later page, because others were added meanwhile, is left out of it. A server that
/// repeats itself is an error of the kind [`ErrorKind::Paging`](crate::ErrorKind::Paging), see [`PageWalk`]. So is, after the last page,
/// a list that has become shorter: others were deleted meanwhile, and what moved to pages that had been read is missing. What is to be
/// deleted is best collected before.
///
/// After an error for which [`Error::is_retryable`] is true, the next poll asks for the same page again, so that a walk survives a bad
/// spell; after any other there is nothing more.
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
    walk: PageWalk,
}

type Fetch<E> = BoxFuture<(Call<E>, Result<<E as Endpoint>::Response, Error>)>;

enum State<E: Endpoint> {
    Next(Box<Call<E>>),
    Fetching(Fetch<E>),
    /// All pages were taken, and this is to be said of them.
    Failed(Box<Error>),
    Done,
}

impl<E> Pages<E>
where
    E: Paginated + 'static,
    E::Response: Decode + Send,
{
    pub(crate) fn new(call: Call<E>) -> Self {
        Self { state: State::Next(Box::new(call)), walk: PageWalk::new() }
    }

    /// The next page; `None` after the last one. Safe to drop: it goes on being fetched when the next one is asked for.
    pub async fn next(&mut self) -> Option<Result<E::Response, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Takes in what came, and decides what is asked for next.
    fn take(&mut self, call: Call<E>, result: Result<E::Response, Error>) -> Result<E::Response, Error> {
        let mut page = match result {
            Ok(page) => page,
            Err(error) => {
                if error.is_retryable() {
                    self.state = State::Next(Box::new(call));
                }
                return Err(error);
            }
        };
        match call.after(&mut self.walk, &mut page)? {
            Some(next) => self.state = State::Next(Box::new(next)),
            None => {
                if let Err(error) = self.walk.finish() {
                    self.state = State::Failed(Box::new(super::paging::<E>(error)));
                }
            }
        }
        Ok(page)
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
                    return Poll::Ready(Some(self.take(call, result)));
                }
                State::Failed(error) => return Poll::Ready(Some(Err(*error))),
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

/// The elements of a list over all its pages, each once. As with [`Pages`], a walk goes on after an error for which
/// [`Error::is_retryable`] is true.
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
