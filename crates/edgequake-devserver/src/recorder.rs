//! [`Recorder`]: the latest requests with headers and bodies, secrets taken out.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use crate::ledger::date;
use crate::redact;
use crate::weight;

/// How many requests are kept, and how many bytes they take together; the oldest are dropped.
const CAPACITY: usize = 1000;
const SIZE_LIMIT: usize = 32 * 1024 * 1024;

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

/// The latest 1,000 requests, with headers and bodies, secrets taken out; fewer if they would take more than 32 MiB of memory. Off
/// until it is started. Clones are the same recorder.
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
    requests: VecDeque<RecordedRequest>,
    /// What they take, in bytes.
    size: usize,
    last_number: u64,
}

/// A request that is being answered, by its number.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    recorder: Recorder,
    number: u64,
}

impl RecordedRequest {
    /// What it takes, in bytes.
    fn size(&self) -> usize {
        let pair =
            |(name, value): &(String, String)| size_of::<(String, String)>() + name.len() + value.len();
        let body = match &self.body {
            RecordedBody::Json(value) => weight::json(value),
            RecordedBody::None | RecordedBody::Bytes(_) => 0,
        };
        let texts = self.method.len() + self.path.len() + self.query.as_ref().map_or(0, String::len);
        size_of::<Self>() + texts + self.headers.iter().map(pair).sum::<usize>() + body
    }
}

impl Tape {
    fn push(&mut self, request: RecordedRequest) {
        self.size += request.size();
        self.requests.push_back(request);
        self.trim();
    }

    /// Changes a request, unless it was dropped meanwhile.
    fn update(&mut self, number: u64, change: impl FnOnce(&mut RecordedRequest)) {
        let first = self.requests.front().map_or(u64::MAX, |first| first.number);
        let at = number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        let Some(request) = at.and_then(|at| self.requests.get_mut(at)) else { return };
        self.size -= request.size();
        change(request);
        self.size += request.size();
        self.trim();
    }

    fn trim(&mut self) {
        while self.requests.len() > CAPACITY || self.size > SIZE_LIMIT {
            let Some(oldest) = self.requests.pop_front() else { return };
            self.size -= oldest.size();
        }
    }
}

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
        self.tape().requests.iter().cloned().collect()
    }

    /// Removes all requests.
    pub fn clear(&self) {
        let mut tape = self.tape();
        *tape = Tape { last_number: tape.last_number, ..Tape::default() };
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
        let number = request.number;
        tape.push(request);
        Some(Recording { recorder: self.clone(), number })
    }
}

impl Recording {
    /// Keeps a body of this media type.
    pub(crate) fn body(&self, content_type: &str, body: &[u8]) {
        let is_json = content_type.contains("json") && body.len() <= BODY_LIMIT;
        match is_json.then(|| serde_json::from_slice(body).ok()).flatten() {
            Some(mut value) => {
                redact::json(&mut value);
                self.keep(RecordedBody::Json(value));
            }
            None => self.length(body.len()),
        }
    }

    /// Keeps the length of a body.
    pub(crate) fn length(&self, length: usize) {
        self.keep(if length == 0 { RecordedBody::None } else { RecordedBody::Bytes(length) });
    }

    fn keep(&self, body: RecordedBody) {
        self.recorder.tape().update(self.number, |request| request.body = body);
    }

    pub(crate) fn answered(&self, status: u16, duration: Duration) {
        self.recorder.tape().update(self.number, |request| {
            (request.status, request.duration) = (Some(status), Some(duration));
        });
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn recorded(recorder: &Recorder) -> Recording {
        let (parts, ()) = Request::post("/x").body(()).unwrap().into_parts();
        recorder.record(&parts, SystemTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let recorder = Recorder::default();
        recorder.start();
        // Small objects take more than fifty times their text.
        let body = format!("[{}]", [r#"{"a":0}"#; 8_000].join(","));
        let recordings: Vec<Recording> = (0..20)
            .map(|_| {
                let recording = recorded(&recorder);
                recording.body("application/json", body.as_bytes());
                recording
            })
            .collect();
        let requests = recorder.requests();
        let size: usize = requests.iter().map(RecordedRequest::size).sum();
        assert!(size <= SIZE_LIMIT && size == recorder.tape().size, "{size}");
        assert!((2..10).contains(&requests.len()), "{}", requests.len());
        assert_eq!(requests.last().unwrap().number, 20);
        // The answer to one that was dropped is the answer to no other.
        recordings[0].answered(500, Duration::ZERO);
        recordings[19].answered(200, Duration::ZERO);
        let statuses: Vec<_> = recorder.requests().iter().filter_map(|request| request.status).collect();
        assert_eq!(statuses, [200]);
        recorder.clear();
        assert_eq!(recorder.tape().size, 0);
        assert_eq!(recorded(&recorder).number, 21);
    }

    #[test]
    fn the_oldest_are_dropped() {
        let recorder = Recorder::default();
        recorder.start();
        (0..CAPACITY + 5).for_each(|_| drop(recorded(&recorder)));
        let requests = recorder.requests();
        assert_eq!((requests.len(), requests[0].number), (CAPACITY, 6));
    }
}
