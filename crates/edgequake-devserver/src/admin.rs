//! The endpoints below `/__dev`: everything that the library offers to tests, for tests in other languages and for a
//! terminal. They are served on sockets of the server's own only, to callers on the same machine.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response, sse};

use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::backend::Backend;
use crate::clock::rfc3339;
use crate::error::Refusal;
use crate::faults::{Fault, FaultId};
use crate::seed::SeedDocument;

/// What precedes the paths.
pub(crate) const PREFIX: &str = "/__dev";

/// The maximum sizes of a body of documents, and of any other one, in bytes.
const SEED_LIMIT: usize = 64 * 1024 * 1024;
const BODY_LIMIT: usize = 8 * 1024 * 1024;

const HELP: &str = "\
GET    /__dev/faults[/ID]      failures in force, or how often one has hit
POST   /__dev/faults           orders a failure, or a list of them
DELETE /__dev/faults[/ID]      ends all failures, or one
GET    /__dev/ledger           what has happened to sessions
GET    /__dev/sessions         sessions, and how they ended
POST   /__dev/sessions/expire  lets all access tokens expire
POST   /__dev/sessions/revoke  ends all sessions
GET    /__dev/clock            the time of the server
POST   /__dev/clock            moves it: {\"advance_ms\": 60000}
GET    /__dev/requests         recorded requests, without their secrets
POST   /__dev/requests         starts or stops recording: {\"recording\": true}
DELETE /__dev/requests         removes them
GET    /__dev/log              the latest requests in brief
GET    /__dev/events           what happens to documents, as server-sent events
GET    /__dev/stats            counts since the start
POST   /__dev/seed             adds a document, or a list of them: {\"title\": \"...\", \"content\": \"...\"};
                               if room runs out (400), those before it stay
POST   /__dev/reset            puts the server back to its start
";

type Answer = Result<Response, Refusal>;

/// The endpoints, on the state of a server.
pub(crate) fn router(backend: Backend) -> Router {
    let router = Router::new()
        .route("/", get(async || HELP))
        .route("/faults", get(list_faults).post(add_faults).delete(clear_faults))
        .route("/faults/{id}", get(find_fault).delete(remove_fault))
        .route("/ledger", get(async |State(backend): State<Backend>| json(backend.ledger().entries())))
        .route("/sessions", get(async |State(backend): State<Backend>| json(backend.ledger().sessions())))
        .route("/sessions/expire", post(expire))
        .route("/sessions/revoke", post(revoke))
        .route("/clock", get(clock).post(move_clock))
        .route("/requests", get(requests).post(record).delete(clear_requests))
        .route("/log", get(async |State(backend): State<Backend>| json(backend.request_log())))
        .route("/events", get(events))
        .route("/stats", get(async |State(backend): State<Backend>| json(backend.stats())))
        .route("/seed", post(seed))
        .route("/reset", post(reset))
        .with_state(backend);
    Router::new().nest(PREFIX, router)
}

fn json(value: impl Serialize) -> Response {
    match serde_json::to_vec(&value) {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => Refusal::internal().into_response(""),
    }
}

fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Answers with the refusal, if there is one.
fn told(answer: Answer) -> Response {
    answer.unwrap_or_else(|refusal| refusal.into_response(""))
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let unreadable = |_| Refusal::bad_request(format!("The body is cut, or larger than {limit} bytes"));
    axum::body::to_bytes(body, limit).await.map_err(unreadable)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("The body does not fit: {error}")))
}

/// Reads a JSON body.
async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    parse(&collect(body, BODY_LIMIT).await?)
}

/// Reads one value or a list of them. The error is that of the form that was meant.
async fn read_list<T: DeserializeOwned>(body: Body, limit: usize) -> Result<Vec<T>, Refusal> {
    let body = collect(body, limit).await?;
    // Not by way of a tree, which would take many times as much memory.
    if body.trim_ascii_start().starts_with(b"[") { parse(&body) } else { Ok(vec![parse(&body)?]) }
}

async fn list_faults(State(backend): State<Backend>) -> Response {
    json(backend.faults().active())
}

async fn add_faults(State(backend): State<Backend>, body: Body) -> Response {
    let add = async {
        let faults: Vec<Fault> = read_list(body, BODY_LIMIT).await?;
        backend.faults().add_all(faults).map_err(|error| Refusal::bad_request(error.to_string()))
    };
    told(add.await.map(|ids| (StatusCode::CREATED, json(json!({ "ids": ids }))).into_response()))
}

async fn clear_faults(State(backend): State<Backend>) -> Response {
    backend.faults().clear();
    done()
}

/// The hits of a fault, also of one that has ended.
async fn find_fault(State(backend): State<Backend>, Path(id): Path<String>) -> Response {
    let known: Option<FaultId> = serde_json::from_str(&id).ok();
    match known.and_then(|id| backend.faults().find(id)) {
        Some((hits, is_active)) => json(json!({ "hits": hits, "active": is_active })),
        None => Refusal::not_found(format!("fault {id}")).into_response(""),
    }
}

/// Events from now on, each as JSON; one that is named `lost` says how many a slow reader has missed.
async fn events(State(backend): State<Backend>) -> Response {
    let events = stream::unfold(backend.processing_events(), |mut events| async {
        let event = match events.next_or_lost().await? {
            Ok(event) => sse::Event::default().data(serde_json::to_string(&event).unwrap_or_default()),
            Err(count) => sse::Event::default().event("lost").data(json!({ "count": count }).to_string()),
        };
        Some((Ok::<_, Infallible>(event), events))
    });
    sse::Sse::new(events).keep_alive(sse::KeepAlive::default()).into_response()
}

async fn remove_fault(State(backend): State<Backend>, Path(id): Path<String>) -> Response {
    let found: Option<FaultId> = serde_json::from_str(&id).ok();
    if found.is_some_and(|id| backend.faults().remove(id)) {
        done()
    } else {
        Refusal::not_found(format!("fault {id}")).into_response("")
    }
}

async fn expire(State(backend): State<Backend>) -> Response {
    backend.expire_access_tokens();
    done()
}

async fn revoke(State(backend): State<Backend>) -> Response {
    backend.revoke_sessions();
    done()
}

async fn clock(State(backend): State<Backend>) -> Response {
    json(json!({ "now": rfc3339(backend.clock().now().into()) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveClock {
    advance_ms: u64,
}

async fn move_clock(State(backend): State<Backend>, body: Body) -> Response {
    match read(body).await {
        Ok(MoveClock { advance_ms }) => {
            backend.clock().advance(Duration::from_millis(advance_ms));
            clock(State(backend)).await
        }
        Err(refusal) => refusal.into_response(""),
    }
}

async fn requests(State(backend): State<Backend>) -> Response {
    json(backend.recorder().requests())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    recording: bool,
}

async fn record(State(backend): State<Backend>, body: Body) -> Response {
    told(read(body).await.map(|Record { recording }| {
        if recording {
            backend.recorder().start()
        } else {
            backend.recorder().stop()
        }
        done()
    }))
}

async fn clear_requests(State(backend): State<Backend>) -> Response {
    backend.recorder().clear();
    done()
}

async fn seed(State(backend): State<Backend>, body: Body) -> Response {
    let documents: Vec<SeedDocument> = match read_list(body, SEED_LIMIT).await {
        Ok(documents) => documents,
        Err(refusal) => return refusal.into_response(""),
    };
    match backend.seed_all(documents).await {
        Ok(ids) => (StatusCode::CREATED, json(json!({ "document_ids": ids }))).into_response(),
        Err(error) => Refusal::bad_request(error.to_string()).into_response(""),
    }
}

async fn reset(State(backend): State<Backend>) -> Response {
    backend.reset().await;
    done()
}
