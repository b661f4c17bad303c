//! The handlers, one module per area of the API.

mod api_keys;
mod deletion;
mod documents;
mod health;
mod sources;
mod query;
mod session;
mod setup;
mod tasks;
mod tenants;
mod upload;
mod users;
mod workspaces;
#[cfg(feature = "websocket")]
mod progress;

mod table;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use uuid::Uuid;

use crate::app::App;
use crate::effects::Unanswered;
use crate::faults::Operation;
use crate::pipeline::{self, RequestId, Template};
use crate::route::Route;

/// The whole API.
pub(crate) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for route in table::table() {
        // axum knows every method of the API.
        let Ok(filter) = MethodFilter::try_from(route.method.clone()) else { continue };
        let path = route.path;
        let route = Arc::new(route);
        let serve = async move |State(app): State<Arc<App>>, request: Request| {
            pipeline::serve(app, &route, request).await
        };
        router = router.route(path, on(filter, serve));
    }
    let router = router
        .fallback(async |request: Request| pipeline::unknown(request, StatusCode::NOT_FOUND).await)
        .method_not_allowed_fallback(async |request: Request| {
            pipeline::unknown(request, StatusCode::METHOD_NOT_ALLOWED).await
        });
    router.layer(from_fn_with_state(Arc::clone(&app), record)).with_state(app)
}

/// All operations, for those who choose one.
pub(crate) fn operations() -> Vec<Operation> {
    let operation = |route: Route| Operation {
        changes: route.changes(),
        name: route.name,
        method: route.method,
        path: route.path,
    };
    table::table().into_iter().map(operation).collect()
}

/// Assigns an id to the request, counts it, logs it and records it.
async fn record(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = tokio::time::Instant::now();
    let (mut parts, body) = request.into_parts();
    let request_id = Uuid::new_v4().to_string();
    let mut logged = app.seen(&parts);
    let recording = app.recorder.record(&parts, app.clock.now());
    parts.extensions.insert(RequestId(request_id.clone()));
    if let Some(recording) = &recording {
        parts.extensions.insert(recording.clone());
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Ok(value) = HeaderValue::try_from(request_id) {
        // A fault may have ordered another one.
        response.headers_mut().entry(HeaderName::from_static("x-request-id")).or_insert(value);
    }
    let unanswered = response.extensions().get::<Unanswered>().copied();
    logged.status = response.status();
    logged.answered = unanswered.is_none();
    logged.operation = response.extensions().get::<Template>().map(|template| template.0.to_owned());
    logged.duration = started.elapsed();
    app.tell(&logged);
    if unanswered == Some(Unanswered::Silent) {
        app.log.push(logged);
        return std::future::pending().await;
    }
    if let Some(recording) = recording {
        recording.answered(logged.status.as_u16(), logged.duration);
    }
    app.counters.requests.increment();
    match logged.status {
        StatusCode::UNAUTHORIZED => app.counters.unauthorized.increment(),
        StatusCode::TOO_MANY_REQUESTS => app.counters.rate_limited.increment(),
        _ => {}
    }
    app.log.push(logged);
    response
}

#[cfg(test)]
mod tests;
