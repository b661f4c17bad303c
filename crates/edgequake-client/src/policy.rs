//! [`Policy`]: what the layers need to know of one call, carried in the request's extensions.

use std::time::Duration;

use edgequake_types::{Auth, Retry};
use http::{HeaderMap, Method, Request};
use tokio::time::Instant;

/// How the layers treat one request.
///
/// The typed client attaches it to every call. In a stack of your own, insert it into the extensions of a request to
/// say what its method cannot say; a request without one is treated by [`Policy::for_method`].
///
/// ```
/// use edgequake_client::policy::Policy;
/// use edgequake_types::Retry;
/// use http::{Method, Request};
///
/// // A POST that may be repeated like a GET.
/// let mut request = Request::post("/api/v1/graph/degrees/batch").body(())?;
/// request.extensions_mut().insert(Policy::for_method(&Method::POST).retry(Retry::Safe));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Policy {
    /// The operation's path template, for spans and errors; never the path itself, whose parameters are the user's data.
    pub operation: &'static str,
    /// Whether the request takes a credential.
    pub auth: Auth,
    /// When the request may be repeated.
    pub retry: Retry,
    /// Limit of the whole operation, all attempts and the body included; overrides the layer's. `Some(None)` is no limit.
    pub timeout: Option<Option<Duration>>,
    /// Limit of each attempt up to the answer's head; overrides the layer's. `Some(None)` is no limit.
    pub attempt_timeout: Option<Option<Duration>>,
    /// How much of the limit is gone before the request is made.
    pub(crate) spent: Duration,
    /// The moment at which the operation is given up, as the deadline layer has set it.
    pub(crate) deadline: Option<Instant>,
    /// How far from the beginning that was, for the error that says so.
    pub(crate) limit: Option<Duration>,
    /// The moment at which the attempt is given up, as the attempt timeout layer has set it.
    pub(crate) attempt_deadline: Option<Instant>,
    /// Headers for each attempt: set by the scope layer innermost, so that no retry has to copy them.
    pub headers: std::sync::Arc<HeaderMap>,
}

impl Policy {
    /// The policy that a method implies (RFC 9110, 9.2): safe and idempotent methods may be repeated, others only when
    /// they certainly were not executed.
    pub fn for_method(method: &Method) -> Self {
        // PUT and DELETE are idempotent by definition, but the server makes a new object of each PUT on some routes and
        // counts on DELETE; repeating those is for the caller to allow.
        let retry = match *method {
            Method::GET | Method::HEAD | Method::OPTIONS => Retry::Safe,
            _ => Retry::Refused,
        };
        Self {
            operation: "",
            auth: Auth::Required,
            retry,
            timeout: None,
            attempt_timeout: None,
            spent: Duration::ZERO,
            deadline: None,
            limit: None,
            attempt_deadline: None,
            headers: no_headers(),
        }
    }

    /// The policy of a request: the one it carries, else the one its method implies.
    pub fn of<B>(request: &Request<B>) -> Self {
        request.extensions().get().cloned().unwrap_or_else(|| Self::for_method(request.method()))
    }

    /// The policy that a request carries, and from now on carries where it had none.
    pub(crate) fn in_request<B>(request: &mut Request<B>) -> &mut Self {
        let method = request.method().clone();
        request.extensions_mut().get_or_insert_with(|| Self::for_method(&method))
    }

    /// Sets when the request may be repeated.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Sets whether the request takes a credential.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Sets the limit of the whole operation; `None` is no limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

fn no_headers() -> std::sync::Arc<HeaderMap> {
    static NONE: std::sync::OnceLock<std::sync::Arc<HeaderMap>> = std::sync::OnceLock::new();
    std::sync::Arc::clone(NONE.get_or_init(Default::default))
}
