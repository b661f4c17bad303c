//! [`Fault`]: a failure to order, and [`Faults`]: those that are in force.
//!
//! A fault says which operation it concerns, how often and how likely it happens, and what it does. Which requests it
//! hits depends on its seed and on their order only.

mod error;
mod random;
mod active;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use active::{ActiveFault, FaultId, Faults};
pub(crate) use active::{Answers, Asked, Operation};
#[cfg(feature = "pdf")]
pub(crate) use error::CONVERTING;
pub use error::FaultError;
pub(crate) use error::{ALL_STAGES, STAGES};

/// A failure to order: what goes wrong, where, how often and how likely.
///
/// In JSON, as the file of `--faults` and the endpoint `/__dev/faults` have it, everything but `effect` may be left out:
///
/// ```
/// use edgequake_devserver::Fault;
///
/// let fault: Fault = serde_json::from_str(
///     r#"{"on": "POST /api/v1/query", "skip": 1, "times": 2, "effect": {"status": {"code": 503, "retry_after": "1"}}}"#,
/// )?;
/// assert_eq!(fault, Fault::status(503).retry_after("1").on("POST /api/v1/query").skip(1).times(2));
///
/// let silent: Fault = serde_json::from_str(r#"{"effect": "silence"}"#)?;
/// assert_eq!(silent, Fault::silence());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// The operation: the name of its type (`Query`), its path (`/api/v1/documents/{document_id}`), or method and path
    /// (`POST /api/v1/query`). `None` means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// How many requests pass before the first one is hit. Default 0.
    #[serde(default)]
    pub skip: u64,
    /// How many requests are hit, at least 1; `None` means that it never ends. Default `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// How likely a request is hit: above 0, and 1 at most. Default 1.
    #[serde(default = "certain")]
    pub probability: f64,
    /// What the choice of requests follows from, if the probability is below 1. Default 0.
    #[serde(default)]
    pub seed: u64,
    /// A delay in milliseconds before anything else, or before processing fails or hangs (not before a deletion fails); there it follows the clock of the
    /// server, and ends when processing is cancelled. Default 0.
    #[serde(default)]
    pub delay_ms: u64,
    /// Whether the operation is executed before the fault hides its answer. Default false: it never runs. A fault of the
    /// body always follows an execution, and processing knows none, where this is refused; it hits no HEAD, and no operation whose success has no body (204, WebSockets).
    #[serde(default)]
    pub executes: bool,
    /// What happens.
    pub effect: Effect,
}

/// What a [`Fault`] does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing but the delay.
    Delay,
    /// A status, with the server's own error body unless another one is given.
    #[non_exhaustive]
    Status {
        /// From 200 to 599.
        code: u16,
        /// The body. By default it is the server's error body for this status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// The value of `Retry-After`: seconds, a date, or nonsense.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<String>,
        /// Further headers by their names, which take the place of the server's own: `Content-Type` of another body,
        /// `Location` of a redirect, `WWW-Authenticate`. Default none.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
    },
    /// A page of a gateway, with this status.
    #[non_exhaustive]
    Html {
        /// From 200 to 599.
        code: u16,
    },
    /// 401, as for a credential that is not valid. Operations that require none, such as a login, are hit only if `on`
    /// names them.
    Unauthorized,
    /// 429, as from the server's limiter.
    #[non_exhaustive]
    RateLimited {
        /// The wait that the server tells.
        seconds: u64,
    },
    /// 503 to whatever changes something; what only reads or queries, and a login or a refresh, is not hit.
    ReadOnly,
    /// Every access token expires now; then the request is served.
    ExpireTokens,
    /// The connection is reset before the response. Without a socket, a response with the status 200 breaks off instead.
    Reset,
    /// The connection is reset after the head of the response.
    ResetAfterHead,
    /// The connection ends in the middle of the body, of which so much arrives; the last byte never does.
    #[non_exhaustive]
    Truncate {
        /// In bytes.
        keep: u64,
    },
    /// The body arrives slowly.
    #[non_exhaustive]
    SlowBody {
        /// How many bytes at once.
        bytes: u64,
        /// The pause after each of them, in milliseconds.
        pause_ms: u64,
    },
    /// The connection ends after so many events of a stream, or after its last one. Hits only operations that answer with one.
    #[non_exhaustive]
    CutStream {
        /// The number of events.
        after: u64,
    },
    /// A stream stays open, and nothing comes after so many events, or after its last one. Hits only operations that answer with
    /// one.
    #[non_exhaustive]
    SilentStream {
        /// The number of events.
        after: u64,
    },
    /// The connection stays open and is never read or written again, with everything else that uses it (HTTP/2), until
    /// the client closes its side or the server stops.
    Silence,
    /// Processing of a document fails. `on` cannot limit it.
    #[non_exhaustive]
    FailProcessing {
        /// The stage: one that every document passes (`preprocessing`, `chunking`, `extracting`, `embedding`, `storing`), or one that
        /// only those pass which a fault hits there (`uploading`, `queued`, `converting`, `gleaning`, `merging`, `summarizing`,
        /// `indexing`, `projecting`).
        stage: String,
        /// Whether the document ends as `partial_failure` instead of `failed`. Default false.
        #[serde(default)]
        partial: bool,
        /// With `partial`, the chunks without entities, from 0; those that the document does not have are passed over. Default
        /// none, which means that the document as a whole has no entities.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        chunks: Vec<u64>,
    },
    /// Processing of a document stays at a stage until it is cancelled or processed again. `on` cannot limit it.
    #[non_exhaustive]
    HangProcessing {
        /// The stage, as for a failure.
        stage: String,
    },
    /// Deleting a document fails: it stays as `delete_failed`. Hits deletions that are queued, each document once; `on` cannot
    /// limit it.
    FailDeletion,
}

fn certain() -> f64 {
    1.0
}

impl Fault {
    /// A fault that hits every request.
    pub fn new(effect: Effect) -> Self {
        Self {
            on: None,
            skip: 0,
            times: None,
            probability: certain(),
            seed: 0,
            delay_ms: 0,
            executes: false,
            effect,
        }
    }

    /// A status with the server's error body; see [`body`](Self::body), [`header`](Self::header) and
    /// [`retry_after`](Self::retry_after).
    pub fn status(code: u16) -> Self {
        Self::new(Effect::Status { code, body: None, retry_after: None, headers: BTreeMap::new() })
    }

    /// A page of a gateway, with a status from 200 to 599.
    pub fn html(code: u16) -> Self {
        Self::new(Effect::Html { code })
    }

    /// 401, as for a credential that is not valid.
    pub fn unauthorized() -> Self {
        Self::new(Effect::Unauthorized)
    }

    /// 429, as from the server's limiter, with this wait.
    pub fn rate_limited(seconds: u64) -> Self {
        Self::new(Effect::RateLimited { seconds })
    }

    /// 503 to whatever changes something.
    pub fn read_only() -> Self {
        Self::new(Effect::ReadOnly)
    }

    /// Every access token expires.
    pub fn expire_tokens() -> Self {
        Self::new(Effect::ExpireTokens)
    }

    /// A reset before the response; see also [`after_execution`](Self::after_execution).
    pub fn reset() -> Self {
        Self::new(Effect::Reset)
    }

    /// A reset after the head of the response.
    pub fn reset_after_head() -> Self {
        Self::new(Effect::ResetAfterHead)
    }

    /// The end of the connection after so many bytes of the body.
    pub fn truncate(keep: u64) -> Self {
        Self::new(Effect::Truncate { keep })
    }

    /// A body of which so many bytes arrive at once, with a pause after each of them. Less than a millisecond counts as
    /// none.
    pub fn slow_body(bytes: u64, pause: Duration) -> Self {
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        Self::new(Effect::SlowBody { bytes, pause_ms })
    }

    /// The end of the connection after so many events of a stream.
    pub fn cut_stream(after: u64) -> Self {
        Self::new(Effect::CutStream { after })
    }

    /// A stream that says nothing more after so many events.
    pub fn silent_stream(after: u64) -> Self {
        Self::new(Effect::SilentStream { after })
    }

    /// A connection that says nothing more.
    pub fn silence() -> Self {
        Self::new(Effect::Silence)
    }

    /// Processing that fails at a stage, such as `embedding`.
    pub fn fail_processing(stage: impl Into<String>) -> Self {
        Self::new(Effect::FailProcessing { stage: stage.into(), partial: false, chunks: Vec::new() })
    }

    /// Processing that ends as `partial_failure`; see [`chunks`](Self::chunks).
    pub fn partial_processing(stage: impl Into<String>) -> Self {
        Self::new(Effect::FailProcessing { stage: stage.into(), partial: true, chunks: Vec::new() })
    }

    /// Processing that stays at a stage until it is cancelled.
    pub fn hang_processing(stage: impl Into<String>) -> Self {
        Self::new(Effect::HangProcessing { stage: stage.into() })
    }

    /// Deleting that fails.
    pub fn fail_deletion() -> Self {
        Self::new(Effect::FailDeletion)
    }

    /// Nothing but a delay.
    pub fn delayed(delay: Duration) -> Self {
        Self::new(Effect::Delay).delay(delay)
    }

    /// Limits the fault to an operation: the name of its type, its path, or method and path.
    #[must_use]
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.on = Some(operation.into());
        self
    }

    /// Lets so many requests pass first.
    #[must_use]
    pub fn skip(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Ends after so many requests were hit: at least 1.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Hits a request with this probability (above 0, and 1 at most), chosen by `seed`.
    #[must_use]
    pub fn probability(mut self, probability: f64, seed: u64) -> Self {
        (self.probability, self.seed) = (probability, seed);
        self
    }

    /// Waits first. Less than a millisecond counts as none.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Executes the operation, and then hides its answer.
    #[must_use]
    pub fn after_execution(mut self) -> Self {
        self.executes = true;
        self
    }

    /// Limits a [partial failure](Self::partial_processing) to these chunks, from 0: they are listed as failed, and can be
    /// tried again. Without effect for anything else.
    ///
    /// ```
    /// use edgequake_devserver::Fault;
    ///
    /// # let server = edgequake_devserver::DevServer::builder().build()?;
    /// server.faults().add(Fault::partial_processing("extracting").chunks([0, 2]).times(1))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn chunks(mut self, numbers: impl IntoIterator<Item = u64>) -> Self {
        if let Effect::FailProcessing { partial: true, chunks, .. } = &mut self.effect {
            *chunks = numbers.into_iter().collect();
        }
        self
    }

    /// Replaces the body of a [`Status`](Effect::Status); without effect for anything else.
    #[must_use]
    pub fn body(mut self, text: impl Into<String>) -> Self {
        if let Effect::Status { body, .. } = &mut self.effect {
            *body = Some(text.into());
        }
        self
    }

    /// Sets `Retry-After` of a [`Status`](Effect::Status); without effect for anything else.
    #[must_use]
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        if let Effect::Status { retry_after, .. } = &mut self.effect {
            *retry_after = Some(value.into());
        }
        self
    }

    /// Sets a header of a [`Status`](Effect::Status); without effect for anything else. The server itself writes
    /// `Content-Length` and `Transfer-Encoding`, which are refused.
    ///
    /// ```
    /// use edgequake_devserver::Fault;
    ///
    /// // The page of a gateway where somebody has to log in first.
    /// let portal = Fault::status(302).header("location", "https://login.corp.test/?next=%2F").on("Query");
    /// // A stream that fails.
    /// let failing = Fault::status(200)
    ///     .header("content-type", "text/event-stream")
    ///     .body("data: {\"type\":\"error\",\"message\":\"out of memory\"}\n\n")
    ///     .on("StreamQuery");
    /// # let server = edgequake_devserver::DevServer::builder().build()?;
    /// # server.faults().add(portal)?;
    /// # server.faults().add(failing)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Effect::Status { headers, .. } = &mut self.effect {
            headers.insert(name.into(), value.into());
        }
        self
    }
}
