//! [`route`]: one operation, from its request to its answer.
//!
//! Every operation passes the same gates in the same order: authentication, rate limit, scope, permission, then the body.
//! The gates stand in front of known routes only, so that unknown ones are 404 without a credential.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use edgequake_types::{Auth, Endpoint, Payload};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jiff::Timestamp;

use crate::auth::caller::Caller;
use crate::auth::credential::Credential;
use crate::auth::permission::{self, Need};
use crate::auth::scope::{self, Place, Scope};
use crate::backend::Shared;
use crate::error::{Refusal, undecodable};
use crate::limiter::Allowance;
use crate::options::{Era, Options};
use crate::reply::Success;

/// The largest body that is read, in bytes.
pub(crate) const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// What a handler knows besides its request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) caller: Caller,
    pub(crate) scope: Scope,
    pub(crate) headers: HeaderMap,
    /// When the request came.
    pub(crate) now: Timestamp,
}

impl Call {
    /// The workspace to work in, which must exist.
    ///
    /// # Errors
    ///
    /// What `malformed` makes of a header that is no id; 404 for a workspace that does not exist, where nobody has
    /// looked before.
    pub(crate) fn workspace(&self, malformed: impl Fn(String) -> Refusal) -> Result<Place, Refusal> {
        let message =
            || malformed("X-Tenant-ID and X-Workspace-ID must be UUIDs or the word `default`".to_owned());
        let place = self.scope.place().ok_or_else(message)?;
        let store = self.shared.store();
        store
            .tenancy
            .workspace(place)
            .ok_or_else(|| Refusal::not_found(format!("workspace {}", place.workspace)))?;
        Ok(place.clone())
    }

    /// # Errors
    ///
    /// 403 for everybody who does not administer the server.
    pub(crate) fn require_admin(&self) -> Result<(), Refusal> {
        if self.caller.role == edgequake_types::session::Role::Admin {
            Ok(())
        } else {
            Err(Refusal::forbidden("admin_required"))
        }
    }
}

/// The id of a request, as the outermost layer has drawn it.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Serves the operation `E` with `handler`.
pub(crate) fn route<E, F, Fut, S>(router: Router<Arc<Shared>>, handler: F) -> Router<Arc<Shared>>
where
    E: Endpoint + 'static,
    F: Fn(Call, E) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<S, Refusal>> + Send,
    S: Success<E>,
{
    route_with(router, |_| E::AUTH, handler)
}

/// Serves the operation `E`, whose need for a credential is a matter of options.
pub(crate) fn route_with<E, F, Fut, S>(
    router: Router<Arc<Shared>>,
    auth: fn(&Options) -> Auth,
    handler: F,
) -> Router<Arc<Shared>>
where
    E: Endpoint + 'static,
    F: Fn(Call, E) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<S, Refusal>> + Send,
    S: Success<E>,
{
    // Every method of the API is one that axum knows.
    let Ok(filter) = MethodFilter::try_from(E::METHOD) else { return router };
    let serve = async move |State(shared): State<Arc<Shared>>, request: Request| {
        let (parts, body) = request.into_parts();
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let answer = answer::<E, _, _, _>(shared, auth, &request_id, parts, body, handler).await;
        answer.unwrap_or_else(|refusal| refusal.into_answer(&request_id))
    };
    router.route(E::PATH, on(filter, serve))
}

async fn answer<E, F, Fut, S>(
    shared: Arc<Shared>,
    auth: fn(&Options) -> Auth,
    request_id: &str,
    mut parts: Parts,
    body: Body,
    handler: F,
) -> Result<Response, Refusal>
where
    E: Endpoint,
    F: Fn(Call, E) -> Fut,
    Fut: Future<Output = Result<S, Refusal>>,
    S: Success<E>,
{
    // HEAD is GET without the body, which hyper leaves out.
    if parts.method == Method::HEAD {
        parts.method = Method::GET;
    }
    let now = shared.clock.now();
    let auth = auth(&shared.options);
    let caller = authenticate(&shared, auth, &parts.headers, now)?;
    let allowance = limit(&shared, &caller, &parts)?;
    let result = async {
        let call = admit(shared, auth, caller, &parts, now)?;
        let body = read::<E>(&parts, body).await?;
        let request = E::from_request(&parts, &body)
            .map_err(|error| undecodable(&error, E::PAYLOAD == Payload::Json))?;
        handler(call, request).await?.into_answer()
    };
    let mut response = result.await.unwrap_or_else(|refusal| refusal.into_answer(request_id));
    if let Some(Allowance { limit, remaining }) = allowance {
        response.headers_mut().insert("x-ratelimit-limit", limit.into());
        response.headers_mut().insert("x-ratelimit-remaining", remaining.into());
    }
    Ok(response)
}

/// Says who is calling.
///
/// # Errors
///
/// 401 where a credential is needed and none is good.
fn authenticate(shared: &Shared, auth: Auth, headers: &HeaderMap, now: Timestamp) -> Result<Caller, Refusal> {
    if !shared.options.auth {
        return Ok(shared.built_in_caller());
    }
    let identified = || {
        let credential = Credential::of(headers)?;
        Caller::identify(&credential, &shared.options, &shared.signer, &mut shared.store(), now)
    };
    match auth {
        Auth::Public => Ok(Caller::NOBODY),
        Auth::Optional => Ok(identified().unwrap_or(Caller::NOBODY)),
        // A kind of need that this version does not know is met like the strictest.
        _ => identified().ok_or_else(Refusal::not_authenticated),
    }
}

/// Takes one request from the caller's allowance, where requests are limited.
fn limit(shared: &Shared, caller: &Caller, parts: &Parts) -> Result<Option<Allowance>, Refusal> {
    // Probes must get through.
    let limiter = shared.limiter.as_ref().filter(|_| parts.uri.path().starts_with("/api/"));
    let Some(limiter) = limiter else { return Ok(None) };
    let bucket = match shared.options.era {
        Era::B => parts.headers.get("x-tenant-id").and_then(|value| value.to_str().ok()),
        Era::C => caller.name(),
    };
    match limiter.take(bucket.unwrap_or("anonymous")) {
        Ok(allowance) => Ok(Some(allowance)),
        Err(wait) => {
            shared.counters.rate_limited.count();
            Err(Refusal::rate_limited(wait))
        }
    }
}

/// Binds the call to its place, and checks that the caller may make it. Calls that anybody may make have no place.
fn admit(
    shared: Arc<Shared>,
    auth: Auth,
    mut caller: Caller,
    parts: &Parts,
    now: Timestamp,
) -> Result<Call, Refusal> {
    let scope = if auth == Auth::Required {
        let scope = scope::bind(&shared.options, &shared.store().tenancy, &mut caller, parts)?;
        permission::check(&shared.options, &caller, Need::of(&parts.method, parts.uri.path()))?;
        scope
    } else {
        Scope::unbound()
    };
    Ok(Call { shared, caller, scope, headers: parts.headers.clone(), now })
}

/// Reads the body, if the operation has one.
async fn read<E: Endpoint>(parts: &Parts, body: Body) -> Result<Bytes, Refusal> {
    let media_type = match E::PAYLOAD {
        Payload::Json => "application/json",
        Payload::Multipart => "multipart/form-data",
        Payload::Form => "application/x-www-form-urlencoded",
        // No operation that is served takes a body of another kind.
        _ => return Ok(Bytes::new()),
    };
    let content_type =
        parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(media_type) {
        // The multipart extractor of the server's framework calls a wrong content type a bad request.
        let status = match E::PAYLOAD {
            Payload::Multipart => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        };
        return Err(Refusal::text(status, format!("Expected request with `Content-Type: {media_type}`")));
    }
    let announced =
        parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_LIMIT) {
        return Err(too_large());
    }
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Refusal::text(StatusCode::BAD_REQUEST, "Failed to buffer the request body")),
    }
}

fn too_large() -> Refusal {
    Refusal::text(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("The request body is larger than {BODY_LIMIT} bytes"),
    )
}
