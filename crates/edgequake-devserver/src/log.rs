//! The request log and the event counters. They never contain a credential, only its kind.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde::{Serialize, Serializer};

/// How many requests are kept, and how many bytes they take together; the oldest are dropped.
const CAPACITY: usize = 10_000;
const SIZE_LIMIT: usize = 16 * 1024 * 1024;

/// The maximum length of a method, a path and a header that are kept, in characters.
const TEXT_LENGTH: usize = 1024;

/// How many names of headers are kept of a request, and how many characters of each.
const MAX_NAMES: usize = 128;
const NAME_LENGTH: usize = 128;

/// The kind of a credential, by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// No credential in a header that the server reads.
    None,
    /// The access token of a session: three parts separated by dots.
    AccessToken,
    /// A generated key: `eq_...`.
    ApiKey,
    /// One of the configured static keys.
    StaticKey,
    /// The configured master key.
    MasterKey,
    /// Anything else.
    Unknown,
}

/// A request that the server has answered, whose connection a fault has reset or silenced instead, or whose client gave up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// The method, up to 1,024 characters.
    #[serde(serialize_with = "word")]
    pub method: Method,
    /// The path, without the query, up to 1,024 characters.
    pub path: String,
    /// `X-Tenant-ID` as sent.
    pub tenant: Option<String>,
    /// `X-Workspace-ID` as sent.
    pub workspace: Option<String>,
    /// The names of the headers, in lower case, sorted: up to 128 of them, and up to 128 characters of each.
    pub headers: Vec<String>,
    /// The kind of the credential; the status tells whether it was valid.
    pub credential: CredentialKind,
    /// The status of the response; see [`answered`](Self::answered).
    #[serde(serialize_with = "number")]
    pub status: StatusCode,
    /// Whether there was a response. There is none if a fault resets or silences the connection before the head, or if the
    /// client gives up before; `status` says nothing then.
    pub answered: bool,
    /// The path of the operation, with `{name}` for a parameter; `None` for a path that is not routed.
    pub operation: Option<String>,
    /// How long it took until the head of the response was there.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
}

fn word<S: Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(method.as_str())
}

fn number<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_millis() as u64)
}

impl LoggedRequest {
    pub(crate) fn new(method: Method, path: &str, headers: &HeaderMap, credential: CredentialKind) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(shortened);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names.truncate(MAX_NAMES);
        let short = |name: &str| name.chars().take(NAME_LENGTH).collect();
        let names = names.into_iter().map(short).collect();
        let known = method.as_str().as_bytes().get(..TEXT_LENGTH);
        let method = known.and_then(|known| Method::from_bytes(known).ok()).unwrap_or(method);
        Self {
            method,
            path: shortened(path),
            tenant: text("x-tenant-id"),
            workspace: text("x-workspace-id"),
            headers: names,
            credential,
            status: StatusCode::OK,
            answered: true,
            operation: None,
            duration: Duration::ZERO,
        }
    }
}

/// As much of a text as is kept.
fn shortened(text: &str) -> String {
    text.chars().take(TEXT_LENGTH).collect()
}

/// Event counts since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Accepted connections; 0 for calls in the same process.
    pub connections: u64,
    /// Requests that were answered or reset, or whose client gave up.
    pub requests: u64,
    /// Responses with 401.
    pub unauthorized: u64,
    /// Responses with 429.
    pub rate_limited: u64,
    /// Successful logins.
    pub logins: u64,
    /// Failed logins, for any reason.
    pub refused_logins: u64,
    /// Successful refreshes.
    pub refreshes: u64,
    /// Failed refreshes, for any reason.
    pub refused_refreshes: u64,
    /// Failed refreshes whose token had been used before.
    pub token_reuses: u64,
    /// Accepted uploads.
    pub uploads: u64,
    /// Answered queries, including streamed ones.
    pub queries: u64,
}

macro_rules! counters {
    ($($name:ident),* $(,)?) => {
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        impl Counters {
            pub(crate) fn read(&self) -> Stats {
                Stats { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }

            pub(crate) fn reset(&self) {
                $(self.$name.reset();)*
            }
        }
    };
}

counters! {
    connections, requests, unauthorized, rate_limited, logins, refused_logins, refreshes, refused_refreshes, token_reuses,
    uploads, queries,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Entry>,
    /// What they take, in bytes.
    size: usize,
}

/// A request without the names of its headers, and these. They are shared with the request before it, which most often has
/// the same.
#[derive(Debug)]
struct Entry {
    request: LoggedRequest,
    headers: Arc<[String]>,
}

impl Entry {
    /// What it takes, in bytes. The names are those of the first request that has them, and of the last.
    fn size(&self) -> usize {
        let LoggedRequest { method, path, tenant, workspace, operation, .. } = &self.request;
        let texts = [tenant, workspace, operation].map(|text| text.as_ref().map_or(0, String::len));
        let texts = method.as_str().len() + path.len() + texts.iter().sum::<usize>();
        let names = self.headers.iter().map(|name| size_of::<String>() + name.len());
        let is_shared = Arc::strong_count(&self.headers) > 1;
        size_of::<Self>() + texts + if is_shared { 0 } else { names.sum() }
    }
}

impl Kept {
    fn push(&mut self, entry: Entry) {
        self.size += entry.size();
        self.entries.push_back(entry);
        while self.entries.len() > CAPACITY || self.size > SIZE_LIMIT {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.size -= oldest.size();
        }
    }
}

impl Log {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, mut request: LoggedRequest) {
        let names = std::mem::take(&mut request.headers);
        let mut kept = self.kept();
        let last = kept.entries.back().map(|last| &last.headers).filter(|last| ***last == *names);
        let headers = last.map_or_else(|| names.into(), Arc::clone);
        kept.push(Entry { request, headers });
    }

    pub(crate) fn clear(&self) {
        *self.kept() = Kept::default();
    }

    pub(crate) fn read(&self) -> Vec<LoggedRequest> {
        let logged = |Entry { request, headers }: &Entry| LoggedRequest {
            headers: headers.to_vec(),
            ..request.clone()
        };
        self.kept().entries.iter().map(logged).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use http::HeaderValue;

    use super::*;

    #[test]
    fn header_names_are_logged_but_credentials_are_not() {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", "s3cr3t-k".parse().unwrap());
        headers.insert("authorization", "Bearer s3cr3t-a".parse().unwrap());
        headers.insert("x-workspace-id", "default".parse().unwrap());
        let request = LoggedRequest::new(Method::GET, "/x", &headers, CredentialKind::Unknown);
        let text = format!("{request:?}");
        assert!(!text.contains("s3cr3t") && text.contains("x-api-key"), "{text}");
        assert_eq!(request.workspace.as_deref(), Some("default"));
    }

    /// A request with as many and as long headers as are sent, each of them of its own.
    fn large(number: usize) -> LoggedRequest {
        let mut headers = HeaderMap::new();
        for header in 0..MAX_NAMES + 1 {
            let name = format!("x-{number}-{header}-{}", "n".repeat(NAME_LENGTH));
            headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_static("x"));
        }
        let method = Method::from_bytes("M".repeat(2_000).as_bytes()).unwrap();
        LoggedRequest::new(method, &"p".repeat(2_000), &headers, CredentialKind::None)
    }

    #[test]
    fn what_is_kept_of_a_request_is_bounded() {
        let request = large(0);
        let longest = request.headers.iter().map(String::len).max();
        assert_eq!((request.headers.len(), longest), (MAX_NAMES, Some(NAME_LENGTH)));
        assert_eq!((request.method.as_str().len(), request.path.len()), (TEXT_LENGTH, TEXT_LENGTH));
        let log = Log::default();
        for number in 0..900 {
            // Two in a row share their names.
            let request = large(number);
            log.push(request.clone());
            log.push(request);
        }
        let kept = log.kept();
        let held: usize = kept.entries.iter().map(|entry| entry.request.path.len()).sum();
        let names: HashSet<_> = kept.entries.iter().map(|entry| entry.headers.as_ptr()).collect();
        assert!(held + names.len() * MAX_NAMES * NAME_LENGTH <= SIZE_LIMIT, "{held} {}", names.len());
        assert!((500..1_800).contains(&kept.entries.len()), "{}", kept.entries.len());
        drop(kept);
        log.clear();
        for number in 0..2 {
            log.push(large(number));
        }
        let mut kept = log.kept();
        while let Some(entry) = kept.entries.pop_front() {
            kept.size -= entry.size();
        }
        assert_eq!(kept.size, 0);
    }

    #[test]
    fn the_oldest_requests_are_dropped() {
        let log = Log::default();
        for number in 0..=CAPACITY {
            log.push(LoggedRequest::new(
                Method::GET,
                &number.to_string(),
                &HeaderMap::new(),
                CredentialKind::None,
            ));
        }
        let requests = log.read();
        assert_eq!((requests.len(), requests[0].path.as_str()), (CAPACITY, "1"));
    }
}
