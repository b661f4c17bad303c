//! WebSockets that tell how processing goes.

use std::collections::HashSet;
use std::sync::Arc;

use axum::response::Response;
use edgequake_types::TrackId;
use http::StatusCode;
use http::request::Parts;

use crate::auth::permission::{self, Permission};
use crate::error::Refusal;
use crate::route::Call;
use crate::socket::{self, Closing, Session, Subject};

pub(super) fn of_pipeline(call: Call, parts: &Parts) -> Result<Response, Refusal> {
    open(&call, parts, Subject::Pipeline { subscribed: HashSet::new() })
}

/// 404 for a task that is unknown in the workspace, before the upgrade.
pub(super) fn of_task(call: Call, parts: &Parts) -> Result<Response, Refusal> {
    let track = parts.uri.path().rsplit('/').next().unwrap_or_default();
    let unknown = || Refusal::not_found(format!("task {track}"));
    let space = call.space().ok_or_else(unknown)?;
    let track_id = TrackId::new(track);
    space.contents().tasks.get(&track_id).ok_or_else(unknown)?;
    open(&call, parts, Subject::Task(track_id))
}

fn open(call: &Call, parts: &Parts, subject: Subject) -> Result<Response, Refusal> {
    let place = call.workspace(Refusal::bad_request)?;
    let handshake = socket::accept(parts)?;
    let permit = Arc::clone(&call.app.sockets).try_acquire_owned();
    let permit = permit.map_err(|_| {
        Refusal::text(StatusCode::SERVICE_UNAVAILABLE, "The server has its maximum number of WebSockets")
    })?;
    let session = Session {
        app: Arc::downgrade(&call.app),
        place,
        subject,
        may_cancel: permission::check(&call.app.config, &call.caller, Permission::Write).is_ok(),
        // From here on nothing is missed.
        events: call.app.bus.subscribe(),
        closing: parts.extensions.get::<Closing>().cloned(),
        permit,
    };
    let response = handshake.response();
    tokio::spawn(session.run(handshake.upgrade));
    Ok(response)
}
