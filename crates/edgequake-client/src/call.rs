//! [`Call`]: one call of an operation, as a value: await it, or first give it a limit, a workspace or a retry rule.

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use edgequake_types::{
    Answer, Body, Decode, Endpoint, Event, Events, Paginated, Retry, TenantId, WorkspaceId,
};
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use http::response::Parts;
use http::{Request, Response};

use crate::BoxFuture;
use crate::body::{Collected, RequestBody, ResponseBody, collect};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::events::EventStream;
use crate::layers::error_body::ERROR_BODY_LIMIT;
use crate::layers::scope::{X_TENANT_ID, X_WORKSPACE_ID};
use crate::pages::{Items, Pages};
use crate::policy::Policy;

/// Marks a [`Call`] whose answer is read whole.
#[derive(Debug)]
pub enum Whole {}

/// Marks a [`Call`] whose answer is a stream of events.
#[derive(Debug)]
pub enum Streamed {}

/// One call of the operation `E`. Nothing is sent until it is awaited.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use std::time::Duration;
/// use edgequake_client::types::query::Query;
///
/// let answer = client.send(Query::new("When was the bridge built?")).timeout(Duration::from_secs(30)).await?;
/// println!("{}", answer.answer);
/// # Ok(())
/// # }
/// ```
///
/// Its future is `Send` and may be dropped at any time: an attempt under way is then cut off, which the server may or may not have
/// executed; a login or token refresh under way goes on.
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<E, K = Whole> {
    client: Client,
    endpoint: E,
    options: CallOptions,
    kind: PhantomData<K>,
}

/// What one call may have of its own.
#[derive(Debug, Default)]
struct CallOptions {
    timeout: Option<Option<Duration>>,
    attempt_timeout: Option<Option<Duration>>,
    retry: Option<Retry>,
    tenant: Option<TenantId>,
    workspace: Option<WorkspaceId>,
    form: Option<(String, RequestBody)>,
    /// What the default limits are extended by.
    patience: Duration,
}

impl<E: Endpoint, K> Call<E, K> {
    pub(crate) fn new(client: Client, endpoint: E) -> Self {
        Self { client, endpoint, options: CallOptions::default(), kind: PhantomData }
    }

    /// Limits the whole call, all attempts and the answer's body included; `None` is no limit.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.timeout = Some(limit.into());
        self
    }

    /// Limits each attempt up to the head of its answer; `None` is no limit.
    pub fn attempt_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.attempt_timeout = Some(limit.into());
        self
    }

    /// Makes this call in another tenant than the client's.
    pub fn tenant(mut self, tenant: impl Into<TenantId>) -> Self {
        self.options.tenant = Some(tenant.into());
        self
    }

    /// Makes this call in another workspace than the client's.
    pub fn workspace(mut self, workspace: impl Into<WorkspaceId>) -> Self {
        self.options.workspace = Some(workspace.into());
        self
    }

    /// Overrides when the request may be repeated: [`Retry::Never`] for a single attempt, [`Retry::Safe`] for an operation that
    /// you know to be harmless twice.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.options.retry = Some(retry);
        self
    }

    /// Sends this form instead of the endpoint's own: one whose file is read from disk.
    pub(crate) fn form(mut self, content_type: String, body: RequestBody) -> Self {
        self.options.form = Some((content_type, body));
        self
    }

    /// Extends the default limits.
    pub(crate) fn patience(mut self, more: Duration) -> Self {
        self.options.patience = more;
        self
    }

    /// Sends the request and gives the answer as it comes, whatever its status, its body unread.
    ///
    /// # Errors
    ///
    /// Those of a call that gets no answer.
    pub async fn raw(mut self) -> Result<Response<ResponseBody>, Error> {
        let request = self.request().map_err(|error| error.during(E::PATH))?;
        self.client.execute(request).await.map_err(|error| error.during(E::PATH))
    }

    fn request(&mut self) -> Result<Request<RequestBody>, Error> {
        let form = self.options.form.take();
        let endpoint = &self.endpoint;
        let path = endpoint.path().map_err(Error::request)?;
        let query = endpoint.query().map_err(Error::request)?;
        let (content_type, body) = match form {
            Some((content_type, body)) => (HeaderValue::try_from(content_type).ok(), body),
            None => own_body(endpoint.body().map_err(Error::request)?)?,
        };
        let media_type = <E::Response as Answer>::MEDIA_TYPE;

        let mut headers = HeaderMap::new();
        endpoint.headers(&mut headers);
        let scope = endpoint.scope();
        let tenant = scope.tenant.as_ref().or(self.options.tenant.as_ref());
        let workspace = scope.workspace.as_ref().or(self.options.workspace.as_ref());
        if let Some(tenant) = tenant {
            headers.insert(X_TENANT_ID, tenant.into());
        }
        if let Some(workspace) = workspace {
            headers.insert(X_WORKSPACE_ID, workspace.into());
        }
        if media_type != "application/json" {
            headers.insert(ACCEPT, HeaderValue::from_static(media_type));
        }
        let streamed = media_type == "text/event-stream";
        if streamed {
            // A compressed stream would come in bursts.
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let extended = |own: Option<Option<Duration>>, default: Option<Duration>| match own {
            None if !self.options.patience.is_zero() => {
                Some(default.map(|limit| limit + self.options.patience))
            }
            own => own,
        };
        let (timeout, attempt_timeout) = self.client.limits();
        let policy = Policy {
            operation: E::PATH,
            auth: E::AUTH,
            retry: self.options.retry.unwrap_or(E::RETRY),
            timeout: extended(self.options.timeout.or(streamed.then_some(None)), timeout),
            attempt_timeout: extended(self.options.attempt_timeout, attempt_timeout),
            deadline: None,
            headers: self.client.headers(headers, content_type),
        };
        let uri = self.client.uri(path, query.as_deref())?;
        let mut request = Request::new(body);
        *request.method_mut() = E::METHOD;
        *request.uri_mut() = uri;
        request.extensions_mut().insert(policy);
        Ok(request)
    }
}

impl<E> Call<E>
where
    E: Endpoint,
    E::Response: Decode,
{
    async fn receive(&mut self) -> Result<E::Response, Error> {
        let request = self.request()?;
        let answer = self.client.execute(request).await?;
        let (parts, bytes) = success(answer, self.client.answer_limit()).await?;
        E::Response::decode(bytes).map_err(|error| Error::decode(error).of_success(&parts))
    }
}

impl<E> IntoFuture for Call<E>
where
    E: Endpoint + 'static,
    E::Response: Decode + Send,
{
    type Output = Result<E::Response, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.receive().await.map_err(|error| error.during(E::PATH)) })
    }
}

impl<E, V> IntoFuture for Call<E, Streamed>
where
    E: Endpoint<Response = Events<V>> + 'static,
    V: Event + Send,
{
    type Output = Result<EventStream<V>, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let answer = self.raw().await?;
            EventStream::open(answer, E::PATH).await.map_err(|error| error.during(E::PATH))
        })
    }
}

impl<E> Call<E>
where
    E: Paginated + 'static,
    E::Response: Decode + Send,
{
    /// All pages from this one on, as a stream; each is asked for when the one before has been taken.
    pub fn pages(self) -> Pages<E> {
        Pages::new(self)
    }

    /// All elements from this page on, as a stream.
    pub fn items(self) -> Items<E> {
        Items::new(Pages::new(self))
    }

    /// Makes the call and keeps its request, for the page after this one.
    pub(crate) async fn fetch(mut self) -> (Self, Result<E::Response, Error>) {
        let result = self.receive().await.map_err(|error| error.during(E::PATH));
        (self, result)
    }

    /// The same call for another page.
    pub(crate) fn for_page(&self, endpoint: E) -> Self {
        let options = &self.options;
        let options = CallOptions {
            timeout: options.timeout,
            attempt_timeout: options.attempt_timeout,
            retry: options.retry,
            tenant: options.tenant.clone(),
            workspace: options.workspace.clone(),
            ..CallOptions::default()
        };
        Self { client: self.client.clone(), endpoint, options, kind: PhantomData }
    }

    pub(crate) fn endpoint(&self) -> &E {
        &self.endpoint
    }
}

/// The body as an endpoint writes it, and its content type.
fn own_body(body: Body) -> Result<(Option<HeaderValue>, RequestBody), Error> {
    match body {
        Body::Empty => Ok((None, RequestBody::empty())),
        Body::Json(json) => Ok((Some(HeaderValue::from_static("application/json")), json.into())),
        other => {
            let content_type = other.content_type().and_then(|text| HeaderValue::try_from(text).ok());
            let bytes = other.bytes().ok_or_else(|| {
                Error::new(ErrorKind::Request).note("the form has a file whose content was not supplied")
            })?;
            Ok((content_type, bytes.into()))
        }
    }
}

/// Reads the body of a success, or makes an error of anything else.
async fn success(answer: Response<ResponseBody>, limit: usize) -> Result<(Parts, Bytes), Error> {
    let (parts, mut body) = check(answer).await?.into_parts();
    match collect(&mut body, limit).await {
        Ok(Collected::Whole(bytes)) => Ok((parts, bytes)),
        Ok(Collected::Cut(_)) => Err(Error::new(ErrorKind::Body)
            .note(format!("the answer is longer than {limit} bytes"))
            .of_success(&parts)),
        Err(failure) => Err(Error::of_body(failure).of_success(&parts)),
    }
}

/// Gives a success on, its body unread; reads the body of anything else into an error.
pub(crate) async fn check(answer: Response<ResponseBody>) -> Result<Response<ResponseBody>, Error> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let (parts, mut body) = answer.into_parts();
    let bytes = match collect(&mut body, ERROR_BODY_LIMIT).await {
        Ok(Collected::Whole(bytes) | Collected::Cut(bytes)) => bytes,
        // The status speaks for itself.
        Err(_) => Bytes::new(),
    };
    Err(Error::of_answer(&parts, &bytes))
}
