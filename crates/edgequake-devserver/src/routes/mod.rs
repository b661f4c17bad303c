//! The handlers, one module per area of the API.

mod api_keys;
mod chunks;
mod deletion;
mod documents;
mod health;
mod upload;
#[cfg(feature = "pdf")]
mod pdfs;
#[cfg(feature = "pdf")]
mod pdf_upload;
#[cfg(feature = "pdf")]
mod pdf_batch;
#[cfg(feature = "pdf")]
mod pdf_progress;
mod page_ranges;
#[cfg(feature = "pdf")]
mod parse;
mod files;
mod pages;
mod injections;
mod jobs;
mod lineage;
mod provenance;
mod sources;
mod query;
mod session;
mod setup;
mod tasks;
mod recovery;
mod ingestion;
mod pipeline;
mod tenants;
mod batch;
mod scan;
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
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::App;
use crate::effects::Unanswered;
use crate::faults::Operation;
use crate::log::LoggedRequest;
use crate::pipeline::{RequestId, Template, serve, unknown};
use crate::route::Route;

/// The whole API.
pub(crate) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for route in table::table() {
        // axum knows every method of the API.
        let Ok(filter) = MethodFilter::try_from(route.method.clone()) else { continue };
        let path = route.path;
        let route = Arc::new(route);
        let answer =
            async move |State(app): State<Arc<App>>, request: Request| serve(app, &route, request).await;
        router = router.route(path, on(filter, answer));
    }
    let router = router
        .fallback(async |request: Request| unknown(request, StatusCode::NOT_FOUND).await)
        .method_not_allowed_fallback(async |request: Request| {
            unknown(request, StatusCode::METHOD_NOT_ALLOWED).await
        });
    router.layer(from_fn_with_state(Arc::clone(&app), record)).with_state(app)
}

/// All operations, for those who choose one.
pub(crate) fn operations() -> Vec<Operation> {
    let operation = |route: Route| Operation {
        changes: route.changes(),
        answers: route.answers,
        name: route.name,
        method: route.method,
        path: route.path,
    };
    table::table().into_iter().map(operation).collect()
}

/// A request until it is answered. One whose client gives up is dropped, and is logged and counted then.
struct Attended {
    app: Arc<App>,
    logged: LoggedRequest,
    started: Instant,
    template: Template,
    is_told: bool,
}

impl Attended {
    /// Logs the request as it is now.
    fn tell(&mut self) {
        self.is_told = true;
        self.logged.operation = self.template.path().map(str::to_owned);
        self.logged.duration = self.started.elapsed();
        self.app.tell(&self.logged);
        self.app.log.push(self.logged.clone());
    }

    fn count(&self) {
        let counters = &self.app.counters;
        counters.requests.increment();
        match self.logged.status {
            StatusCode::UNAUTHORIZED => counters.unauthorized.increment(),
            StatusCode::TOO_MANY_REQUESTS => counters.rate_limited.increment(),
            _ => {}
        }
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        if !self.is_told {
            self.logged.answered = false;
            self.count();
            self.tell();
        }
    }
}

/// Assigns an id to the request, counts it, logs it and records it.
async fn record(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let request_id = Uuid::new_v4().to_string();
    let template = Template::default();
    let recording = app.recorder.record(&parts, app.clock.now());
    let logged = app.seen(&parts);
    parts.extensions.insert(RequestId(request_id.clone()));
    parts.extensions.insert(template.clone());
    if let Some(recording) = &recording {
        parts.extensions.insert(recording.clone());
    }
    let mut attended = Attended { app, logged, started, template, is_told: false };
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Ok(value) = HeaderValue::try_from(request_id) {
        // A fault may have ordered another one.
        response.headers_mut().entry(HeaderName::from_static("x-request-id")).or_insert(value);
    }
    let unanswered = response.extensions().get::<Unanswered>().copied();
    attended.logged.status = response.status();
    attended.logged.answered = unanswered.is_none();
    if unanswered == Some(Unanswered::Silent) {
        attended.count();
        attended.tell();
        return std::future::pending().await;
    }
    if let (Some(recording), None) = (recording, unanswered) {
        recording.answered(response.status().as_u16(), started.elapsed());
    }
    attended.count();
    attended.tell();
    response
}

#[cfg(test)]
mod tests;
