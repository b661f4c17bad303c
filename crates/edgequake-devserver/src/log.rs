//! The request log and the event counters. They never contain a credential, only its kind.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};

/// How many requests are kept; the oldest are dropped.
const CAPACITY: usize = 10_000;

/// The maximum length of a path and of a header that are kept, in characters.
const TEXT_LENGTH: usize = 1024;

/// The kind of a credential, by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// The method.
    pub method: Method,
    /// The path, without the query, up to 1,024 characters.
    pub path: String,
    /// `X-Tenant-ID` as sent.
    pub tenant: Option<String>,
    /// `X-Workspace-ID` as sent.
    pub workspace: Option<String>,
    /// The names of all headers, in lower case, sorted.
    pub headers: Vec<String>,
    /// The kind of the credential; the status tells whether it was valid.
    pub credential: CredentialKind,
    /// The status of the response; see [`answered`](Self::answered).
    pub status: StatusCode,
    /// Whether there was a response. There is none if a fault resets or silences the connection before the head, or if the
    /// client gives up before; `status` says nothing then.
    pub answered: bool,
    /// The path of the operation, with `{name}` for a parameter; `None` for a path that is not routed.
    pub operation: Option<String>,
    /// How long it took until the head of the response was there.
    pub duration: Duration,
}

impl LoggedRequest {
    pub(crate) fn new(method: Method, path: &str, headers: &HeaderMap, credential: CredentialKind) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(shortened);
        let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
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
pub(crate) struct Log(Mutex<VecDeque<Entry>>);

/// A request without the names of its headers, and these. They are shared with the request before it, which most often has
/// the same.
#[derive(Debug)]
struct Entry {
    request: LoggedRequest,
    headers: Arc<[String]>,
}

impl Log {
    pub(crate) fn push(&self, mut request: LoggedRequest) {
        let names = std::mem::take(&mut request.headers);
        let mut requests = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if requests.len() == CAPACITY {
            requests.pop_front();
        }
        let last = requests.back().map(|last| &last.headers).filter(|last| ***last == *names);
        let headers = last.map_or_else(|| names.into(), Arc::clone);
        requests.push_back(Entry { request, headers });
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    }

    pub(crate) fn read(&self) -> Vec<LoggedRequest> {
        let requests = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let logged = |Entry { request, headers }: &Entry| LoggedRequest {
            headers: headers.to_vec(),
            ..request.clone()
        };
        requests.iter().map(logged).collect()
    }
}

#[cfg(test)]
mod tests {
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
