//! [`Client`]: the typed client over the whole stack.

mod builder;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{Jwt, JwtBuilder, LogoutOutcome, SharedCredentials};
use edgequake_types::session::Login;
use edgequake_types::{Endpoint, IdError, Secret, TenantId, UserId, WorkspaceId};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use http::{Method, Request, Response, Uri};
use http_body::Body;
use tower_service::Service;

pub use builder::ClientBuilder;

use crate::BoxError;
use crate::base_url::{BaseUrl, BaseUrlError};
use crate::body::{RequestBody, ResponseBody};
use crate::call::{Call, UntypedCall};
use crate::erased::ErasedService;
use crate::error::{Error, ErrorKind};
use crate::layers::scope::ScopeHeaders;
use crate::transport::ClientTokenTransport;

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
/// let page = archive.documents().list(ListDocuments::new().page_size(50_u64)).await?;
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
    /// Why workspace, tenant and user could not be set, where they could not.
    malformed: [Option<IdError>; 3],
    /// The headers of calls without a body, and of those with a JSON one; made once, so that a call only counts a reference.
    plain: Arc<HeaderMap>,
    json: Arc<HeaderMap>,
}

/// What all clients over one transport share.
struct Shared {
    base: BaseUrl,
    stack: Box<dyn Fn(SharedCredentials) -> ErasedService + Send + Sync>,
    token_service: ErasedService,
    token_timeout: Duration,
    store: Option<StoreFactory>,
    allow_http: bool,
    answer_limit: usize,
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
    /// [`ErrorKind::Config`] when the base URL is none.
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

    /// Logs in, and gives a client that presents the session's token and renews it by itself.
    ///
    /// `identifier` is a user name or e-mail address. The password is kept, so that the client can log in anew when its refresh
    /// token is refused; a client built with [`ClientBuilder::login`] does the same, and logs in at its first call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`]: refused (401), inactive (403), locked (423), or no answer. A refused login is not tried again.
    pub async fn login(
        &self,
        identifier: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Result<Self, Error> {
        let builder = self.session_builder().login(identifier, password);
        let session = builder.build().map_err(Error::credentials)?;
        session.login().await.map_err(|error| Error::credentials(error).during(Login::PATH, None))?;
        Ok(self.with_session(session))
    }

    /// Starts a session of another kind: with a refresh token in hand, tokens from elsewhere, or a store of its own. Give the
    /// result to [`with_session`](Self::with_session).
    pub fn session_builder(&self) -> JwtBuilder {
        self.0.shared.session_builder()
    }

    /// A client that presents this session.
    #[must_use]
    pub fn with_session(&self, session: Jwt) -> Self {
        let credentials = SharedCredentials::from(session.clone());
        self.derive(|inner| {
            inner.service = (inner.shared.stack)(credentials.clone());
            inner.credentials = credentials;
            inner.session = Some(session);
        })
    }

    /// A client that presents other credentials, over the same pool.
    #[must_use]
    pub fn with_credentials(&self, credentials: impl Into<SharedCredentials>) -> Self {
        let credentials = credentials.into();
        self.derive(|inner| {
            inner.service = (inner.shared.stack)(credentials.clone());
            inner.credentials = credentials;
            inner.session = None;
        })
    }

    /// The session behind this client, if it logs in: its expiry, user, and how often it was renewed.
    pub fn session(&self) -> Option<&Jwt> {
        self.0.session.as_ref()
    }

    /// Ends the session: the server revokes its refresh token, the store forgets it, and both outcomes are reported. `None` if
    /// this client has no session.
    pub async fn logout(&self) -> Option<LogoutOutcome> {
        match &self.0.session {
            Some(session) => Some(session.logout().await),
            None => None,
        }
    }

    /// A client whose calls are made in this workspace. An identifier may be given as a text: one that is malformed is told by each
    /// call, and nothing is sent.
    #[must_use]
    pub fn with_workspace(&self, workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>) -> Self {
        let workspace = workspace.try_into().map_err(Into::into);
        self.in_scope(0, workspace, |scope, workspace| scope.workspace(&workspace))
    }

    /// A client whose calls are made in this tenant. Its workspace stays as it is: set that of the tenant too. Texts are taken as by
    /// [`with_workspace`](Self::with_workspace).
    #[must_use]
    pub fn with_tenant(&self, tenant: impl TryInto<TenantId, Error: Into<IdError>>) -> Self {
        let tenant = tenant.try_into().map_err(Into::into);
        self.in_scope(1, tenant, |scope, tenant| scope.tenant(&tenant))
    }

    /// A client whose calls are made for this user, for servers with authentication off. Texts are taken as by
    /// [`with_workspace`](Self::with_workspace).
    #[must_use]
    pub fn with_user(&self, user: impl TryInto<UserId, Error: Into<IdError>>) -> Self {
        let user = user.try_into().map_err(Into::into);
        self.in_scope(2, user, |scope, user| scope.user(&user))
    }

    /// Sets the part `part` of the scope, or remembers why it cannot be set.
    fn in_scope<I>(
        &self,
        part: usize,
        id: Result<I, IdError>,
        set: impl FnOnce(ScopeHeaders, I) -> ScopeHeaders,
    ) -> Self {
        self.derive(|inner| {
            let malformed = match id {
                Ok(id) => {
                    inner.scope = set(std::mem::take(&mut inner.scope), id);
                    None
                }
                Err(error) => Some(error),
            };
            if let Some(slot) = inner.malformed.get_mut(part) {
                *slot = malformed;
            }
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
        Call::new(self.clone(), Ok(endpoint))
    }

    /// A call of an endpoint that names this identifier.
    pub(crate) fn send_with<E: Endpoint, I>(
        &self,
        id: impl TryInto<I, Error: Into<IdError>>,
        endpoint: impl FnOnce(I) -> E,
    ) -> Call<E> {
        Call::new(self.clone(), id.try_into().map(endpoint).map_err(Into::into))
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
        UntypedCall::new(self.clone(), method, path)
    }

    /// Sends a request of your own through the whole stack and gives the answer as it comes, whatever its status. Its URI is absolute;
    /// a [`Policy`](crate::policy::Policy) may be put into its extensions. [`request`](Self::request) is more convenient.
    ///
    /// # Errors
    ///
    /// Those of a call that gets no answer.
    pub async fn execute(&self, request: Request<RequestBody>) -> Result<Response<ResponseBody>, Error> {
        self.0.service.call(request).await.map_err(Error::of_failure)
    }

    /// Says what of the scope could not be set.
    pub(crate) fn check_scope(&self) -> Result<(), Error> {
        match self.0.malformed.iter().flatten().next() {
            Some(error) => Err(Error::malformed(error.clone())),
            None => Ok(()),
        }
    }

    pub(crate) fn uri(&self, path: Cow<'static, str>, query: Option<&str>) -> Result<Uri, Error> {
        self.0.shared.base.join(path, query).map_err(|error| Error::new(ErrorKind::Request).because(error))
    }

    /// The default limits of an operation and of an attempt.
    pub(crate) fn limits(&self) -> (Option<Duration>, Option<Duration>) {
        (self.0.shared.timeout, self.0.shared.attempt_timeout)
    }

    pub(crate) fn answer_limit(&self) -> usize {
        self.0.shared.answer_limit
    }

    /// The headers of a call that brings `own` ones. Those of the usual calls are at hand already.
    pub(crate) fn headers(&self, own: HeaderMap, content_type: Option<HeaderValue>) -> Arc<HeaderMap> {
        let json = content_type.as_ref().is_some_and(|value| value == "application/json");
        if own.is_empty() && (json || content_type.is_none()) {
            return Arc::clone(if json { &self.0.json } else { &self.0.plain });
        }
        let mut headers = own;
        for (name, value) in &*self.0.plain {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, content_type);
        }
        Arc::new(headers)
    }
}

impl Shared {
    fn session_builder(&self) -> JwtBuilder {
        let transport =
            ClientTokenTransport::new(self.base.clone(), self.token_service.clone(), self.token_timeout);
        let builder = Jwt::builder(self.base.origin().clone(), transport).allow_http(self.allow_http);
        match &self.store {
            Some(store) => store(builder),
            None => builder,
        }
    }
}

fn call_headers(scope: &ScopeHeaders, user_agent: &HeaderValue) -> (Arc<HeaderMap>, Arc<HeaderMap>) {
    let mut plain = scope.headers().clone();
    plain.insert(USER_AGENT, user_agent.clone());
    plain.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut json = plain.clone();
    json.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (Arc::new(plain), Arc::new(json))
}

/// Shows where the client goes, in which scope, and which credential it has; never the credential itself.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", self.base_url())
            .field("scope", self.scope().headers())
            .field("credentials", &self.0.credentials)
            .finish_non_exhaustive()
    }
}
