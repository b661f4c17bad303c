//! [`Client`]: the typed client over the whole stack.

pub(crate) mod base_url;
mod prepared;
mod login_transport;
mod builder;
mod session;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{Jwt, JwtBuilder, SharedCredentials};
use edgequake_types::{Endpoint, IdError, Origin, TenantId, UserId, WorkspaceId};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Response, Uri};
use http_body::Body;
use tower_service::Service;

pub use base_url::{BaseUrl, BaseUrlError};
pub use builder::ClientBuilder;

use crate::body::{RequestBody, ResponseBody};
use crate::boxed::{BoxError, BoxFuture};
use crate::call::{Call, DefaultLimits, Dispatch, Dispatcher, UntypedCall};
use crate::error::{Error, ErrorKind};
use crate::layers::retry::RetryLayer;
use crate::layers::scope::ScopeHeaders;
use crate::policy::Policy;
use crate::stack::erased::ErasedService;
use crate::transport::{ConnectionStats, HttpTransport};
use login_transport::LoginTransport;
use prepared::{StaticPaths, call_headers};

/// `User-Agent`, unless the builder was told another one.
const DEFAULT_USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("edgequake-client/", env!("CARGO_PKG_VERSION")));

/// A client of an EdgeQuake server.
///
/// Cheap to clone and to derive from: all clones, and all clients made by [`with_workspace`](Self::with_workspace) and its
/// like, share one pool of connections, one retry budget and, unless it is replaced, one credential.
///
/// ```no_run
/// # async fn run() -> Result<(), edgequake_client::Error> {
/// use edgequake_client::Client;
/// use edgequake_client::types::WorkspaceId;
/// use edgequake_client::types::documents::{ListDocuments, UploadText};
///
/// // EDGEQUAKE_BASE_URL, EDGEQUAKE_API_KEY, EDGEQUAKE_WORKSPACE_ID, ...
/// let client = Client::from_env()?;
/// let uploaded = client.documents().upload_text(UploadText::new("The bridge opened in 1931.").title("Bridge")).await?;
///
/// // The same pool and the same credential, another workspace.
/// let archive = client.with_workspace(WorkspaceId::server_default());
/// let page = archive.documents().list(ListDocuments::new().page_size(50)).await?;
/// println!("{:?}: {} documents", uploaded.document_id, page.documents.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    service: ErasedService,
    credentials: SharedCredentials,
    session: Option<Jwt>,
    scope: ScopeHeaders,
    malformed: Malformed,
    /// The headers of calls without a body, and of those with a JSON one; made once, so that a call only counts a reference.
    plain: Arc<HeaderMap>,
    json: Arc<HeaderMap>,
}

/// Why parts of the scope could not be set, where they could not: each call says so.
#[derive(Debug, Clone, Default)]
struct Malformed {
    workspace: Option<IdError>,
    tenant: Option<IdError>,
    user: Option<IdError>,
}

/// What all clients over one transport share.
struct Shared {
    base: BaseUrl,
    paths: StaticPaths,
    stack: Box<dyn Fn(SharedCredentials) -> ErasedService + Send + Sync>,
    token_service: ErasedService,
    /// The transport, where it is ours.
    transport: Option<HttpTransport>,
    /// Repeats a login that was asked for, as far as it surely did not arrive.
    login_retry: RetryLayer,
    token_timeout: Duration,
    store: Option<StoreFactory>,
    allow_http: bool,
    answer_limit: usize,
    stream_limit: Option<u64>,
    event_limit: usize,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    user_agent: HeaderValue,
}

type StoreFactory = Box<dyn Fn(JwtBuilder) -> JwtBuilder + Send + Sync>;

impl Client {
    /// Options first.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// What has become of the connections: how many were opened, failed, reused, retired and why, and how many are open or waited for now.
    /// Of all clients that share the transport, since it was built, with the connections of their logins. `None` over a transport of your
    /// own, which is not known here; an [`HttpTransport`] that was given to [`build_on`](ClientBuilder::build_on) is.
    ///
    /// ```
    /// use edgequake_client::Client;
    ///
    /// # fn main() -> Result<(), edgequake_client::Error> {
    /// let client = Client::builder().base_url("http://localhost:8080").build()?;
    /// if let Some(stats) = client.stats() {
    ///     println!("{} opened, {} reused, {} open", stats.opened, stats.reused, stats.open);
    ///     for (reason, count) in stats.all_retired() {
    ///         println!("{count} retired: {}", reason.as_str());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "metrics")]
    pub fn stats(&self) -> Option<ConnectionStats> {
        self.0.shared.transport.as_ref().map(HttpTransport::connection_stats)
    }

    /// A client after the environment: `EDGEQUAKE_BASE_URL` (default `http://localhost:8080`), `EDGEQUAKE_API_KEY` or
    /// `EDGEQUAKE_USERNAME` (`EDGEQUAKE_EMAIL`) with `EDGEQUAKE_PASSWORD`, `EDGEQUAKE_TENANT_ID`, `EDGEQUAKE_WORKSPACE_ID`,
    /// `EDGEQUAKE_USER_ID`, `EDGEQUAKE_ALLOW_HTTP`. Empty is unset. Without a credential, requests go without one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] naming the variable that cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().env().build()
    }

    /// A client without a credential over a transport of your own: anything that sends an `http::Request`. With options, use
    /// [`ClientBuilder::build_on`].
    ///
    /// ```
    /// use edgequake_client::Client;
    /// use edgequake_client::body::{RequestBody, ResponseBody};
    /// use edgequake_client::types::health::GetLive;
    /// use http::{Request, Response};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), edgequake_client::Error> {
    /// let transport = tower::service_fn(async |_: Request<RequestBody>| {
    ///     Ok::<_, std::io::Error>(Response::new(ResponseBody::from(bytes::Bytes::from("OK"))))
    /// });
    /// let client = Client::from_service("https://eq.example.com", transport)?;
    /// assert_eq!(client.send(GetLive::new()).await?, "OK");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when the base URL is invalid.
    pub fn from_service<T, R>(
        base_url: impl TryInto<BaseUrl, Error: Into<BaseUrlError>>,
        transport: T,
    ) -> Result<Self, Error>
    where
        T: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + Sync + 'static,
        T::Error: Into<BoxError>,
        T::Future: Send,
        R: Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        Self::builder().base_url(base_url).build_on(transport)
    }

    /// A client whose calls are made in this workspace. An identifier may be given as a text: if it is malformed, each call
    /// fails before anything is sent.
    #[must_use]
    pub fn with_workspace(&self, workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>) -> Self {
        self.derive(|inner| {
            let (scope, malformed) =
                set(workspace, &inner.scope, |scope, workspace| scope.workspace(&workspace));
            (inner.scope, inner.malformed.workspace) = (scope, malformed);
        })
    }

    /// A client whose calls are made in this tenant. Its workspace stays as it is: set that of the tenant too. Texts are taken as by
    /// [`with_workspace`](Self::with_workspace).
    #[must_use]
    pub fn with_tenant(&self, tenant: impl TryInto<TenantId, Error: Into<IdError>>) -> Self {
        self.derive(|inner| {
            let (scope, malformed) = set(tenant, &inner.scope, |scope, tenant| scope.tenant(&tenant));
            (inner.scope, inner.malformed.tenant) = (scope, malformed);
        })
    }

    /// A client whose calls are made for this user, for servers with authentication off. Texts are taken as by
    /// [`with_workspace`](Self::with_workspace).
    #[must_use]
    pub fn with_user(&self, user: impl TryInto<UserId, Error: Into<IdError>>) -> Self {
        self.derive(|inner| {
            let (scope, malformed) = set(user, &inner.scope, |scope, user| scope.user(&user));
            (inner.scope, inner.malformed.user) = (scope, malformed);
        })
    }

    fn derive(&self, change: impl FnOnce(&mut Inner)) -> Self {
        let now = &*self.0;
        let mut inner = Inner {
            shared: Arc::clone(&now.shared),
            service: now.service.clone(),
            credentials: now.credentials.clone(),
            session: now.session.clone(),
            scope: now.scope.clone(),
            malformed: now.malformed.clone(),
            plain: Arc::clone(&now.plain),
            json: Arc::clone(&now.json),
        };
        change(&mut inner);
        (inner.plain, inner.json) = call_headers(&inner.scope, &inner.shared.user_agent);
        Self(Arc::new(inner))
    }

    /// Where the server is.
    pub fn base_url(&self) -> &BaseUrl {
        &self.0.shared.base
    }

    /// The tenant, workspace and user headers of this client's calls.
    pub fn scope(&self) -> &ScopeHeaders {
        &self.0.scope
    }

    /// A call of any endpoint, also of one that you declare yourself.
    pub fn send<E: Endpoint>(&self, endpoint: E) -> Call<E> {
        Call::new(self.dispatcher(), Ok(endpoint))
    }

    /// A call of an endpoint that names this identifier.
    pub(crate) fn send_with<E: Endpoint, I>(
        &self,
        id: impl TryInto<I, Error: Into<IdError>>,
        endpoint: impl FnOnce(I) -> E,
    ) -> Call<E> {
        Call::new(self.dispatcher(), id.try_into().map(endpoint).map_err(Into::into))
    }

    /// The untyped way out: a call of a path below the base URL, with this client's credential and scope, that gives the answer as it
    /// comes, whatever its status.
    ///
    /// `path` begins with a slash and is percent-encoded, see [`encode_segment`](edgequake_types::encode_segment); it may have a
    /// query. It is checked as strictly as the path of a typed call.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use http::Method;
    ///
    /// let body = serde_json::json!({});
    /// let answer = client.request(Method::POST, "/api/v1/admin/ann/warmup").json(&body).await?;
    /// println!("{}", answer.status());
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> UntypedCall {
        UntypedCall::new(self.dispatcher(), method, path)
    }

    /// Sends a request of your own through the whole stack and gives the answer as it comes, whatever its status. Its URI is absolute;
    /// a [`Policy`](crate::policy::Policy) may be put into its extensions. [`request`](Self::request) is more convenient.
    ///
    /// # Errors
    ///
    /// Those of a call that gets no answer.
    pub async fn execute(&self, request: Request<RequestBody>) -> Result<Response<ResponseBody>, Error> {
        self.0
            .service
            .call(request)
            .await
            .map_err(|failure| Error::of_failure(failure).at(self.base_url().origin()))
    }

    pub(crate) fn dispatcher(&self) -> Dispatcher {
        let dispatch: Arc<dyn Dispatch> = Arc::clone(&self.0) as _;
        Dispatcher::new(dispatch)
    }
}

impl Dispatch for Inner {
    fn check_scope(&self) -> Result<(), Error> {
        let Malformed { workspace, tenant, user } = &self.malformed;
        match workspace.as_ref().or(tenant.as_ref()).or(user.as_ref()) {
            Some(error) => Err(Error::malformed(error.clone())),
            None => Ok(()),
        }
    }

    fn uri(&self, path: Cow<'static, str>, query: Option<&str>) -> Result<Uri, Error> {
        let Shared { base, paths, .. } = &*self.shared;
        paths.join(base, path, query).map_err(|error| Error::new(ErrorKind::Request).because(error))
    }

    /// Those of the usual calls are at hand already.
    fn headers(&self, own: HeaderMap, content_type: Option<HeaderValue>) -> Arc<HeaderMap> {
        let json = content_type.as_ref().is_some_and(|value| value == "application/json");
        if own.is_empty() && (json || content_type.is_none()) {
            return Arc::clone(if json { &self.json } else { &self.plain });
        }
        let mut headers = own;
        for (name, value) in &*self.plain {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, content_type);
        }
        Arc::new(headers)
    }

    fn origin(&self) -> &Origin {
        self.shared.base.origin()
    }

    fn limits(&self) -> DefaultLimits {
        let Shared { timeout, attempt_timeout, answer_limit, stream_limit, event_limit, .. } = *self.shared;
        DefaultLimits {
            timeout,
            attempt_timeout,
            answer: answer_limit,
            stream: stream_limit,
            event: event_limit,
        }
    }

    fn send(
        &self,
        request: Request<RequestBody>,
        policy: Policy,
    ) -> BoxFuture<Result<Response<ResponseBody>, BoxError>> {
        self.service.send(request, policy)
    }
}

/// The scope with a part that is set, or why it cannot be.
fn set<I>(
    id: impl TryInto<I, Error: Into<IdError>>,
    scope: &ScopeHeaders,
    set: impl FnOnce(ScopeHeaders, I) -> ScopeHeaders,
) -> (ScopeHeaders, Option<IdError>) {
    match id.try_into() {
        Ok(id) => (set(scope.clone(), id), None),
        Err(error) => (scope.clone(), Some(error.into())),
    }
}

impl Shared {
    fn session_builder(&self) -> JwtBuilder {
        let transport = LoginTransport::new(
            self.base.clone(),
            self.token_service.clone(),
            self.token_timeout,
            self.user_agent.clone(),
        );
        let builder = Jwt::builder(self.base.origin().clone(), transport)
            .path_prefix(self.base.prefix())
            .timeout(self.token_timeout)
            .allow_http(self.allow_http);
        match &self.store {
            Some(store) => store(builder),
            None => builder,
        }
    }
}

/// Shows where the client goes, in which scope, and which credential it has; never the credential itself.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &format_args!("{}", self.base_url()))
            .field("scope", self.scope().headers())
            .field("credentials", &self.0.credentials)
            .finish_non_exhaustive()
    }
}
