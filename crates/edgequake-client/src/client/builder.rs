//! [`ClientBuilder`]: all options of a [`Client`](crate::Client).

mod build;
mod source;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use edgequake_auth::{Carrier, DotEnv, Password, SharedCredentials, TokenStore};
use edgequake_types::{IdError, Secret, TenantId, UserId, WorkspaceId};
use http::header::HeaderValue;

use super::base_url::{BaseUrl, BaseUrlError};
use super::{DEFAULT_USER_AGENT, StoreFactory};
use crate::layers::retry::{RetryBudget, RetryConfig};
use crate::layers::trace_context::TraceContextLayer;
use crate::sse::DEFAULT_EVENT_LIMIT;
use crate::stack::StackLayer;
use crate::transport::HttpTransportBuilder;

/// Builds a [`Client`](crate::Client).
///
/// One credential is chosen, in this order: [`credentials`](Self::credentials), [`api_key`](Self::api_key) or
/// [`login`](Self::login), then the environment (with [`env`](Self::env)), then the `.env` file (with
/// [`dot_env`](Self::dot_env)), then a stored login (with [`token_store`](Self::token_store), for the user that
/// [`stored_login`](Self::stored_login) names, or else `EDGEQUAKE_USERNAME` or `EDGEQUAKE_EMAIL`). Without any, requests go without
/// a credential. The same order holds for the base URL and the scope.
///
/// A name and password with a [`token_store`](Self::token_store) go on with the session that the store holds for that name, and log
/// in where there is none.
///
/// ```
/// use std::time::Duration;
/// use edgequake_client::Client;
/// use edgequake_client::types::WorkspaceId;
///
/// let client = Client::builder()
///     .base_url("http://localhost:8080")
///     .api_key("eq_0123456789")
///     .workspace_id(WorkspaceId::server_default())
///     .timeout(Duration::from_secs(120))
///     .build()?;
/// # drop(client);
/// # Ok::<(), edgequake_client::Error>(())
/// ```
#[must_use = "call build"]
pub struct ClientBuilder {
    base_url: Option<Result<BaseUrl, BaseUrlError>>,
    credentials: Option<SharedCredentials>,
    api_key: Option<Secret>,
    carrier: Carrier,
    login: Option<(String, Password)>,
    stored_login: Option<String>,
    store: Option<StoreFactory>,
    env: bool,
    dot_env: Option<DotEnv>,
    tenant: Option<Result<TenantId, IdError>>,
    workspace: Option<Result<WorkspaceId, IdError>>,
    user: Option<Result<UserId, IdError>>,
    allow_http: Option<bool>,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
    token_timeout: Duration,
    #[cfg(feature = "compression")]
    compression: bool,
    retry: RetryConfig,
    budget: RetryBudget,
    trace_context: Option<TraceContextLayer>,
    answer_limit: usize,
    stream_limit: Option<u64>,
    event_limit: usize,
    user_agent: Result<HeaderValue, http::Error>,
    transport: Option<HttpTransportBuilder>,
    per_operation: Vec<Arc<dyn StackLayer>>,
    per_attempt: Vec<Arc<dyn StackLayer>>,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            base_url: None,
            credentials: None,
            api_key: None,
            carrier: Carrier::default(),
            login: None,
            stored_login: None,
            store: None,
            env: false,
            dot_env: None,
            tenant: None,
            workspace: None,
            user: None,
            allow_http: None,
            timeout: Some(Duration::from_secs(300)),
            attempt_timeout: Some(Duration::from_secs(120)),
            idle_timeout: Some(Duration::from_secs(60)),
            token_timeout: Duration::from_secs(30),
            #[cfg(feature = "compression")]
            compression: false,
            retry: RetryConfig::default(),
            budget: RetryBudget::default(),
            trace_context: None,
            answer_limit: 32 * 1024 * 1024,
            stream_limit: Some(256 * 1024 * 1024),
            event_limit: DEFAULT_EVENT_LIMIT,
            user_agent: Ok(DEFAULT_USER_AGENT),
            transport: None,
            per_operation: Vec::new(),
            per_attempt: Vec::new(),
        }
    }

    /// The address of the server, with the path prefix of a reverse proxy if there is one. Default `http://localhost:8080`.
    pub fn base_url(mut self, url: impl TryInto<BaseUrl, Error: Into<BaseUrlError>>) -> Self {
        self.base_url = Some(url.try_into().map_err(Into::into));
        self
    }

    /// Presents this API key, or any other token that the server takes as it is.
    #[doc(alias = "bearer")]
    #[doc(alias = "token")]
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Sends keys in `X-API-Key` instead of `Authorization`, for gateways that use that one themselves.
    pub fn carrier(mut self, carrier: Carrier) -> Self {
        self.carrier = carrier;
        self
    }

    /// Logs in at the first call, and renews the session automatically. With a [`token_store`](Self::token_store) that holds a
    /// session for this name, that session goes on, and the password is sent only once it is over. A password in a
    /// [`SecretFile`](edgequake_auth::SecretFile) is read for each login.
    pub fn login(mut self, identifier: impl Into<String>, password: impl Into<Password>) -> Self {
        self.login = Some((identifier.into(), password.into()));
        self
    }

    /// Presents these credentials, whichever they are.
    pub fn credentials(mut self, credentials: impl Into<SharedCredentials>) -> Self {
        self.credentials = Some(credentials.into());
        self
    }

    /// Keeps sessions in this store, so that the next process goes on with them: with name and password, from this builder, the
    /// environment or a `.env` file, or with the name alone, see [`stored_login`](Self::stored_login). A stored session that is good
    /// comes before the password; [`Client::login`](crate::Client::login) begins another one in any case. An API key makes no use of
    /// it. Call [`Client::settle`](crate::Client::settle) before the process ends.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), edgequake_client::Error> {
    /// use std::time::Duration;
    /// use edgequake_client::Client;
    /// use edgequake_client::auth::FileStore;
    ///
    /// let client = Client::builder().env().token_store(FileStore::new("/var/lib/my-app/logins")).build()?;
    /// println!("{}", client.auth().me().await?.user.username);
    /// client.settle(Duration::from_secs(10)).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_store<S: TokenStore + Clone>(mut self, store: S) -> Self {
        self.store = Some(Box::new(move |builder| builder.store(store.clone())));
        self
    }

    /// Goes on with the session that the store holds for this user, if nothing else gives a credential. Without it, the user is the
    /// one of `EDGEQUAKE_USERNAME` or `EDGEQUAKE_EMAIL`, where [`env`](Self::env) or [`dot_env`](Self::dot_env) says so.
    pub fn stored_login(mut self, user: impl Into<String>) -> Self {
        self.stored_login = Some(user.into());
        self
    }

    /// Reads what is not said here from the environment, now: see [`Client::from_env`](crate::Client::from_env) for the variables.
    pub fn env(mut self) -> Self {
        self.env = true;
        self
    }

    /// Reads what neither this builder nor the environment says from a `.env` file.
    pub fn dot_env(mut self, file: DotEnv) -> Self {
        self.dot_env = Some(file);
        self
    }

    /// Makes calls in this tenant. A text is checked by [`build`](Self::build), and so are those of the next two.
    ///
    /// ```
    /// use edgequake_client::Client;
    ///
    /// let client = Client::builder()
    ///     .tenant_id("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21")
    ///     .workspace_id("default")
    ///     .build()?;
    /// assert!(Client::builder().workspace_id("my workspace").build().is_err());
    /// # drop(client);
    /// # Ok::<(), edgequake_client::Error>(())
    /// ```
    pub fn tenant_id(mut self, tenant: impl TryInto<TenantId, Error: Into<IdError>>) -> Self {
        self.tenant = Some(tenant.try_into().map_err(Into::into));
        self
    }

    /// Makes calls in this workspace.
    pub fn workspace_id(mut self, workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>) -> Self {
        self.workspace = Some(workspace.try_into().map_err(Into::into));
        self
    }

    /// Makes calls for this user; only servers with authentication off read it.
    pub fn user_id(mut self, user: impl TryInto<UserId, Error: Into<IdError>>) -> Self {
        self.user = Some(user.try_into().map_err(Into::into));
        self
    }

    /// Allows plain `http` to other machines. Off by default, since everyone on the way can read the credential then.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = Some(allow);
        self
    }

    /// Limits each call, all attempts and the body included; default 300 s, `None` is no limit. Streams have none.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.timeout = limit.into();
        self
    }

    /// Limits each attempt up to the head of its answer; default 120 s, `None` is no limit.
    pub fn attempt_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.attempt_timeout = limit.into();
        self
    }

    /// Limits the pause between two pieces of an answer; default 60 s, `None` is no limit. The server sends a sign of life
    /// every 15 s on streams.
    pub fn idle_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = limit.into();
        self
    }

    /// Limits each login and refresh, whatever the limit of the call that waits for it; default 30 s.
    pub fn token_timeout(mut self, limit: Duration) -> Self {
        self.token_timeout = limit;
        self
    }

    /// How transient failures are repeated. [`RetryConfig::none`] switches it off, which is what a test wants that fakes a 503: by
    /// default such a call takes some seconds and four attempts.
    pub fn retry(mut self, config: RetryConfig) -> Self {
        self.retry = config;
        self
    }

    /// Shares a retry budget with other clients.
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Whether to ask for compressed answers, event streams apart; default false, since it costs the server more than it saves on a
    /// fast network. Answers that come compressed are decoded either way.
    #[cfg(feature = "compression")]
    pub fn compression(mut self, ask: bool) -> Self {
        self.compression = ask;
        self
    }

    /// The longest answer that is read whole, in bytes after decoding; default 32 MiB. A call may have
    /// [another one](crate::Call::answer_limit).
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// The longest stream of events or lines, in bytes in all; default 256 MiB, `None` is no limit. A call may have
    /// [another one](crate::Call::stream_limit).
    pub fn stream_limit(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.stream_limit = bytes.into();
        self
    }

    /// The longest event or line of a stream, in bytes; default 16 MiB. A call may have [another one](crate::Call::event_limit).
    pub fn event_limit(mut self, bytes: usize) -> Self {
        self.event_limit = bytes;
        self
    }

    /// The value for `User-Agent`, such as `my-app/1.2`. Default `edgequake-client/` and its version.
    pub fn user_agent(mut self, user_agent: impl TryInto<HeaderValue, Error: Into<http::Error>>) -> Self {
        self.user_agent = user_agent.try_into().map_err(Into::into);
        self
    }

    /// Passes the trace that a call belongs to on to the server, logins and refreshes included. Default: nothing is passed on. For a
    /// complete example see [`trace_context`](crate::layers::trace_context).
    #[doc(alias = "traceparent")]
    #[doc(alias = "opentelemetry")]
    pub fn trace_context(mut self, layer: TraceContextLayer) -> Self {
        self.trace_context = Some(layer);
        self
    }

    /// Options of the transport: proxies, certificates, connections.
    ///
    /// ```
    /// use std::time::Duration;
    /// use edgequake_client::{Client, HttpTransport, Proxies};
    ///
    /// # fn main() -> Result<(), edgequake_client::Error> {
    /// let transport = HttpTransport::builder().connect_timeout(Duration::from_secs(3)).proxies(Proxies::none());
    /// let client = Client::builder().transport(transport).build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "proxy")]
    #[doc(alias = "certificate")]
    #[doc(alias = "connect_timeout")]
    pub fn transport(mut self, transport: HttpTransportBuilder) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Puts a layer of your own around each operation: outside the retries, inside the deadline. The last one is outermost.
    ///
    /// ```
    /// use edgequake_client::Client;
    /// use tower::limit::ConcurrencyLimitLayer;
    ///
    /// # fn main() -> Result<(), edgequake_client::Error> {
    /// // No more than eight operations at a time; the others wait for their turn, within their limits of time.
    /// let client = Client::builder().layer(ConcurrencyLimitLayer::new(8)).build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "middleware")]
    pub fn layer(mut self, layer: impl StackLayer) -> Self {
        self.per_operation.push(Arc::new(layer));
        self
    }

    /// Puts a layer of your own around each attempt: it sees requests as they go out, credential and scope included, but for the
    /// guard, which looks last. The last one is outermost.
    ///
    /// ```
    /// use edgequake_client::Client;
    /// use edgequake_client::body::RequestBody;
    /// use http::{HeaderValue, Request};
    /// use tower::util::MapRequestLayer;
    ///
    /// # fn main() -> Result<(), edgequake_client::Error> {
    /// let layer = MapRequestLayer::new(|mut request: Request<RequestBody>| {
    ///     request.headers_mut().insert("x-gateway", HeaderValue::from_static("internal"));
    ///     request
    /// });
    /// let client = Client::builder().attempt_layer(layer).build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    pub fn attempt_layer(mut self, layer: impl StackLayer) -> Self {
        self.per_attempt.push(Arc::new(layer));
        self
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}
