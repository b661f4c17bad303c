//! [`Call`]: one call of an operation, as a value: await it, or first give it a limit, a workspace or a retry rule.

mod dispatch;
mod receive;
mod options;
mod outgoing;
mod events;
mod answer;
mod lines;
mod disposition;
mod download;
mod pages;
mod untyped;
mod file_upload;
mod reader_upload;

use std::future::IntoFuture;
use std::time::Duration;

use edgequake_types::{Answer, Decode, Endpoint, IdError, PageError, PageWalk, Paginated, Retry};
use http::response::Parts;
use http::{HeaderValue, Method, Request, Response};

pub(crate) use dispatch::{DefaultLimits, Dispatch, Dispatcher};
pub use download::DownloadStream;
pub use events::EventStream;
pub use file_upload::{FileUpload, UploadsFile};
pub use lines::LineStream;
pub use pages::{Items, Pages};
pub use reader_upload::ReaderUpload;
pub use receive::Receive;
#[cfg(feature = "websocket")]
pub(crate) use receive::check;
pub use untyped::UntypedCall;

use crate::body::{RequestBody, ResponseBody};
use crate::boxed::BoxFuture;
use crate::error::Error;
use crate::policy::Policy;
use options::CallOptions;
use outgoing::Outgoing;

/// One call of the operation `E`. Nothing is sent until it is awaited.
///
/// What awaiting it gives follows from the operation's answer: the model, a list, text or bytes; for a stream of events an
/// [`EventStream`], for lines of JSON a [`LineStream`], for a file a [`DownloadStream`].
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use std::time::Duration;
/// use edgequake_client::types::query::Query;
///
/// let call = client.send(Query::new("When was the bridge built?"));
/// let answer = call.timeout(Duration::from_secs(30)).header("traceparent", "00-4bf9-00f0-01").await?;
/// println!("{}", answer.answer);
/// # Ok(())
/// # }
/// ```
///
/// Identifiers may be given as texts; with a malformed one, the call fails before anything is sent.
///
/// Its future is `Send` and may be dropped at any time: an attempt under way is then cut off, which the server may or may not have
/// executed; a login or token refresh under way goes on.
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<E> {
    dispatcher: Dispatcher,
    /// The request, unless it cannot be made: an identifier is malformed.
    endpoint: Result<E, IdError>,
    options: CallOptions,
}

impl<E: Endpoint> Call<E> {
    pub(crate) fn new(dispatcher: Dispatcher, endpoint: Result<E, IdError>) -> Self {
        Self { dispatcher, endpoint, options: CallOptions::default() }
    }

    options::setters!(options);

    /// The longest answer that is read whole, in bytes after decoding. Default: that of the client, 32 MiB unless it was set. For streams
    /// there are [`stream_limit`](Self::stream_limit) and [`event_limit`](Self::event_limit); a download has no limit.
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.options.answer_limit = Some(bytes);
        self
    }

    /// The longest stream of events or lines, in bytes in all; `None` is no limit. Default: that of the client, 256 MiB unless it was set.
    pub fn stream_limit(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.options.stream_limit = Some(bytes.into());
        self
    }

    /// The longest event or line of a stream, in bytes. Default: that of the client, 16 MiB unless it was set.
    pub fn event_limit(mut self, bytes: usize) -> Self {
        self.options.event_limit = Some(bytes);
        self
    }

    /// Overrides when the request may be repeated: [`Retry::Never`] for a single attempt, [`Retry::Safe`] for an operation that
    /// you know to be harmless twice.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.options.retry = Some(retry);
        self
    }

    /// Sends this form instead of the endpoint's own: one whose file is read from disk.
    pub(crate) fn form(mut self, content_type: HeaderValue, body: RequestBody) -> Self {
        self.options.form = Some(Box::new((content_type, body)));
        self
    }

    /// Extends the default limits.
    pub(crate) fn patience(mut self, more: Duration) -> Self {
        self.options.patience = more;
        self
    }

    /// Gives the head of the answer beside it: status and headers.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::UploadText;
    ///
    /// let (head, uploaded) = client.send(UploadText::new("The bridge opened in 1931.")).with_head().await?;
    /// println!("{} {:?}: {:?}", head.status, head.headers.get("location"), uploaded.document_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_head(self) -> WithHead<E> {
        WithHead(self)
    }

    /// The request, and how it is to be treated. `streamed`: its answer is taken piece by piece.
    fn request(&mut self, streamed: bool) -> Result<(Request<RequestBody>, Policy), Error> {
        let endpoint = self.endpoint.as_ref().map_err(|error| Error::malformed(error.clone()))?;
        let body = match self.options.form.take() {
            Some(form) => (Some(form.0), form.1),
            None => outgoing::own_body(endpoint.body()?)?,
        };
        let mut outgoing = Outgoing {
            operation: E::PATH,
            method: E::METHOD,
            path: endpoint.path()?,
            query: endpoint.query()?,
            body,
            media_type: <E::Response as Answer>::MEDIA_TYPE,
            streamed,
            headers: http::HeaderMap::new(),
            scope: endpoint.scope(),
            auth: E::AUTH,
            retry: E::RETRY,
        };
        endpoint.headers(&mut outgoing.headers)?;
        outgoing.into_request(&self.dispatcher, &mut self.options)
    }
}

impl<E> Call<E>
where
    E: Endpoint,
    E::Response: Receive<<E::Response as Answer>::Form>,
{
    /// Sends the request and gives the answer as it comes, whatever its status, its body unread. To make an [`Error`] of one that is
    /// no success, read its body and use [`Error::from_response`].
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// use edgequake_client::Error;
    /// use http_body_util::BodyExt;
    ///
    /// let (head, body) = client.documents().get("d-1").raw().await?.into_parts();
    /// let body = body.collect().await?.to_bytes();
    /// if !head.status.is_success() {
    ///     return Err(Error::from_response(http::Response::from_parts(head, body)).into());
    /// }
    /// println!("{:?}, {} bytes", head.headers.get("content-type"), body.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of a call that gets no answer.
    pub async fn raw(mut self) -> Result<Response<ResponseBody>, Error> {
        let request = self
            .request(<E::Response as Receive<<E::Response as Answer>::Form>>::STREAMED)
            .map_err(during::<E>)?;
        self.dispatcher.execute(request).await.map_err(during::<E>)
    }

    async fn receive(&mut self, head: Option<&mut Parts>) -> Result<Received<E>, Error> {
        let request = self.request(<E::Response as Receive<<E::Response as Answer>::Form>>::STREAMED)?;
        let limits = self.options.limits(E::PATH, &self.dispatcher);
        let answer = self.dispatcher.execute(request).await?;
        E::Response::receive(answer, limits, head).await
    }
}

/// Says which operation failed. A `HEAD` has no body to tell an unknown path by.
fn during<E: Endpoint>(error: Error) -> Error {
    error.during(E::PATH, E::SINCE.filter(|_| E::METHOD != Method::HEAD))
}

/// What awaiting a call of `E` gives.
type Received<E> =
    <<E as Endpoint>::Response as Receive<<<E as Endpoint>::Response as Answer>::Form>>::Output;

impl<E> IntoFuture for Call<E>
where
    E: Endpoint + 'static,
    E::Response: Receive<<E::Response as Answer>::Form>,
{
    type Output = Result<Received<E>, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.receive(None).await.map_err(during::<E>) })
    }
}

/// A [`Call`] that gives the head of its answer as well: see [`Call::with_head`].
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct WithHead<E>(Call<E>);

impl<E> IntoFuture for WithHead<E>
where
    E: Endpoint + 'static,
    E::Response: Receive<<E::Response as Answer>::Form>,
{
    type Output = Result<(Parts, Received<E>), Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut head = Response::new(()).into_parts().0;
            let answer = self.0.receive(Some(&mut head)).await;
            answer.map(|answer| (head, answer)).map_err(during::<E>)
        })
    }
}

impl<E> Call<E>
where
    E: Paginated + 'static,
    E::Response: Decode + Send,
{
    /// All pages from this one on, as a stream; each is asked for when the one before has been taken. Goes on after a failure that may
    /// pass, see [`Pages`].
    pub fn pages(self) -> Pages<E> {
        Pages::new(self)
    }

    /// All elements from this page on, as a stream.
    pub fn items(self) -> Items<E> {
        Items::new(Pages::new(self))
    }

    /// Makes the call and keeps its request, for the page after this one.
    pub(crate) async fn fetch(mut self) -> (Self, Result<E::Response, Error>) {
        let request = self.request(false);
        let limits = self.options.limits(E::PATH, &self.dispatcher);
        let received = async {
            let answer = self.dispatcher.execute(request?).await?;
            receive::whole(answer, limits, None).await
        };
        let page = received.await.map_err(during::<E>);
        (self, page)
    }

    /// The call for the page after `page`, the answer to this one.
    pub(crate) fn after(&self, walk: &mut PageWalk, page: &mut E::Response) -> Result<Option<Self>, Error> {
        let Ok(endpoint) = &self.endpoint else { return Ok(None) };
        let next = walk.advance(endpoint, page).map_err(paging::<E>)?;
        Ok(next.map(|next| Self {
            dispatcher: self.dispatcher.clone(),
            endpoint: Ok(next),
            options: self.options.again(),
        }))
    }
}

/// The error of a walk over the pages of this operation.
pub(crate) fn paging<E: Endpoint>(error: PageError) -> Error {
    during::<E>(Error::paging(error))
}
