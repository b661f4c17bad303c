//! [`Recorder`]: the latest requests with headers and bodies, secrets taken out.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use crate::ledger::date;
use crate::redact;

/// How many requests are kept; the oldest are dropped.
const CAPACITY: usize = 1000;

/// The maximum size of a body that is kept, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// The body of a request, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordedBody {
    /// None, or one that was not read.
    None,
    /// JSON, with `[redacted]` for each secret.
    Json(Value),
    /// Anything else, and JSON of more than 64 KiB: its length in bytes.
    Bytes(usize),
}

/// A request as it arrived, with `[redacted]` for each secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Its number, from 1, in the order of arrival.
    pub number: u64,
    /// When it arrived, by the clock of the server.
    #[serde(serialize_with = "date")]
    pub at: SystemTime,
    /// The method.
    pub method: String,
    /// The path as sent.
    pub path: String,
    /// The query as sent.
    pub query: Option<String>,
    /// Names, in lower case, and values, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body, if the operation reads one.
    pub body: RecordedBody,
    /// The status of the response; `None` while there is none.
    pub status: Option<u16>,
    /// How long it took until the head of the response was there.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Option<Duration>,
}

fn milliseconds<S: serde::Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_millis() as u64).serialize(serializer)
}

/// The latest 1,000 requests, with headers and bodies, secrets taken out. Off until it is started. Clones are the same
/// recorder.
///
/// ```
/// use edgequake_devserver::DevServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = DevServer::builder().start().await?;
/// server.recorder().start();
///
/// // ... let the code under test call ...
///
/// for request in server.recorder().requests() {
///     println!("{} {} {:?}", request.method, request.path, request.body);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    on: AtomicBool,
    tape: Mutex<Tape>,
}

#[derive(Debug, Default)]
struct Tape {
    requests: VecDeque<Recording>,
    last_number: u64,
}

/// A request that is being answered.
#[derive(Debug, Clone)]
pub(crate) struct Recording(Arc<Mutex<RecordedRequest>>);

impl Recorder {
    /// Begins to record.
    pub fn start(&self) {
        self.0.on.store(true, Ordering::Relaxed);
    }

    /// Stops recording; what was recorded stays.
    pub fn stop(&self) {
        self.0.on.store(false, Ordering::Relaxed);
    }

    /// The requests, in the order of arrival.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.tape().requests.iter().map(|recording| recording.request().clone()).collect()
    }

    /// Removes all requests.
    pub fn clear(&self) {
        self.tape().requests.clear();
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the head of a request, if it is started.
    pub(crate) fn record(&self, parts: &Parts, at: SystemTime) -> Option<Recording> {
        if !self.0.on.load(Ordering::Relaxed) {
            return None;
        }
        let mut request = RecordedRequest {
            number: 0,
            at,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(redact::query),
            headers: redact::headers(&parts.headers),
            body: RecordedBody::None,
            status: None,
            duration: None,
        };
        let mut tape = self.tape();
        tape.last_number += 1;
        request.number = tape.last_number;
        if tape.requests.len() >= CAPACITY {
            tape.requests.pop_front();
        }
        let recording = Recording(Arc::new(Mutex::new(request)));
        tape.requests.push_back(recording.clone());
        Some(recording)
    }
}

impl Recording {
    fn request(&self) -> MutexGuard<'_, RecordedRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn body(&self, body: &[u8]) {
        let mut request = self.request();
        let content_type = request.headers.iter().find(|(name, _)| name == CONTENT_TYPE.as_str());
        let is_json = content_type.is_some_and(|(_, value)| value.contains("json"));
        let json = (is_json && body.len() <= BODY_LIMIT).then(|| serde_json::from_slice(body).ok()).flatten();
        request.body = match json {
            Some(mut value) => {
                redact::json(&mut value);
                RecordedBody::Json(value)
            }
            None if body.is_empty() => RecordedBody::None,
            None => RecordedBody::Bytes(body.len()),
        };
    }

    pub(crate) fn answered(&self, status: u16, duration: Duration) {
        let mut request = self.request();
        (request.status, request.duration) = (Some(status), Some(duration));
    }
}
