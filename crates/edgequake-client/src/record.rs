//! [`RecordLayer`]: writes real answers into a folder, secrets taken out, as samples for tests.
//!
//! Each body becomes a file, and a line of `manifest.tsv` says what it is: file, operation, remark and status, parted by tabs. In the
//! repository of this crate, `cargo xtask samples DIR` holds such a folder against the models: it tells what cannot be read, and which
//! fields the models do not know. So the answers of a server that nobody else has can be tried, or sent to us.
//!
//! ```
//! use edgequake_client::Client;
//! use edgequake_client::record::RecordLayer;
//! # use edgequake_devserver::DevServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = DevServer::builder().auth(false).start().await?;
//! # let url = server.url();
//! # let directory = tempfile::tempdir()?;
//! # let folder = directory.path().join("samples");
//! let record = RecordLayer::new(&folder);
//! let client = Client::builder().base_url(url).attempt_layer(record.clone()).build()?;
//! client.health().get().await?;
//!
//! // What was handed over is on the disk now.
//! let stats = record.flush().await;
//! assert_eq!((stats.written, stats.failed), (1, 0));
//! assert!(folder.join("get-health-200-1.json").exists());
//! let manifest = std::fs::read_to_string(folder.join("manifest.tsv"))?;
//! assert_eq!(manifest, "get-health-200-1.json\tGET /health\trecorded\t200\n");
//! # Ok(())
//! # }
//! ```
//!
//! It stands around each attempt ([`ClientBuilder::attempt_layer`]), where it sees plain bodies and logins as well; in a stack of one's own,
//! anywhere above decompression.
//!
//! # What is not written
//!
//! * Secrets: whatever stands in a field whose name says so (passwords, tokens, keys, `extra_headers`), one-time codes sent for a login, the
//!   credential and the cookies of requests, JWTs and keys of the server in any text, and each of these wherever else it turns up later. Headers
//!   are not written at all, paths only as templates. **What else is in an answer is**: the text of documents, names, addresses of mail.
//!   Look through a folder before you pass it on.
//! * What cannot be looked through: files, JSON that is broken, compressed bodies. Bodies longer than [`body_limit`](RecordLayer::body_limit),
//!   and those that were not read to their end, but for the events of a stream up to there.
//! * Requests of unknown operations: those without a [`Policy`](crate::policy::Policy) whose path fits no declared operation.
//! * More than [`per_operation`](RecordLayer::per_operation) bodies of one operation and status, or than [`folder_limit`](RecordLayer::folder_limit).
//!
//! A JSON text is written anew: with the keys sorted, and of a key that comes twice with the last value.
//!
//! # What it costs
//!
//! A copy of each body while it is read. Writing is left to a thread, so that no runtime waits for a disk; a call never fails because
//! something could not be written. That is counted ([`RecordLayer::stats`]) and told by events with the target
//! `edgequake_client::record`: the first failure at WARN, further ones and whatever is skipped at DEBUG.
//!
//! [`ClientBuilder::attempt_layer`]: crate::ClientBuilder::attempt_layer

mod redact;
mod content;
mod operation;
mod writer;
mod body;

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use edgequake_types::Secret;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use self::body::Recording;
use self::redact::is_secret_name;
use self::writer::{Options, Recorded, Sample, Writer};
use crate::body::{Replay, ResponseBody};
use crate::boxed::BoxError;

/// Records the answers that pass. Clones share one folder and its counts.
#[derive(Clone)]
pub struct RecordLayer {
    writer: Arc<Writer>,
}

/// What became of the exchanges so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordStats {
    /// Bodies that are in the folder.
    pub written: u64,
    /// Exchanges that were left out; an event tells why.
    pub skipped: u64,
    /// Exchanges that could not be written.
    pub failed: u64,
}

impl RecordLayer {
    /// Records into this folder, which is made with the first sample. What is there already is kept. Files and folder are for the eyes of their
    /// owner alone where the system knows that (`0600` in `0700`).
    pub fn new(folder: impl AsRef<Path>) -> Self {
        let folder: PathBuf = folder.as_ref().to_owned();
        Self::of(Options {
            folder,
            requests: false,
            body_limit: 1024 * 1024,
            folder_limit: 64 * 1024 * 1024,
            per_operation: 20,
        })
    }

    fn of(options: Options) -> Self {
        Self { writer: Arc::new(Writer::new(options)) }
    }

    /// A layer of its own with other options: nothing is counted yet.
    fn with(&self, set: impl FnOnce(&mut Options)) -> Self {
        let mut options = self.writer.options.clone();
        set(&mut options);
        Self::of(options)
    }

    /// Whether the bodies of requests are written, too: those in JSON and URL-encoded forms. Default: they are not.
    ///
    /// As the other options, it makes a layer with counts of its own: set them before clones are taken.
    #[must_use]
    pub fn requests(self, requests: bool) -> Self {
        self.with(|options| options.requests = requests)
    }

    /// The longest body that is written, in bytes. Default 1 MiB. As much may be held for each answer that is being read.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|options| options.body_limit = bytes)
    }

    /// How much this layer writes in all, in bytes. Default 64 MiB.
    #[must_use]
    pub fn folder_limit(self, bytes: u64) -> Self {
        self.with(|options| options.folder_limit = bytes)
    }

    /// How many bodies of one operation and status are written. Default 20.
    #[must_use]
    pub fn per_operation(self, bodies: usize) -> Self {
        self.with(|options| options.per_operation = bodies)
    }

    /// What became of the exchanges so far.
    pub fn stats(&self) -> RecordStats {
        let counts = &self.writer.counts;
        RecordStats {
            written: counts.written.load(Ordering::Acquire),
            skipped: counts.skipped.load(Ordering::Acquire),
            failed: counts.failed.load(Ordering::Acquire),
        }
    }

    /// Waits until everything is written whose body has been read by now. At the end of a program: the thread does not keep it alive.
    pub async fn flush(&self) -> RecordStats {
        // An error says that there is no thread: nothing was handed over, or it is gone.
        let _ = self.writer.flush().await;
        self.stats()
    }
}

impl fmt::Debug for RecordLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordLayer")
            .field("options", &self.writer.options)
            .field("stats", &self.stats())
            .finish()
    }
}

impl<S> Layer<S> for RecordLayer {
    type Service = Record<S>;

    fn layer(&self, inner: S) -> Record<S> {
        Record { inner, layer: self.clone() }
    }
}

/// The service of [`RecordLayer`].
#[derive(Debug, Clone)]
pub struct Record<S> {
    inner: S,
    layer: RecordLayer,
}

impl<S, B, R> Service<Request<B>> for Record<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    B: Replay + Body<Data = Bytes> + Unpin,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let writer = &self.layer.writer;
        let sample = sample(&request, writer.options.body_limit);
        if sample.is_none() {
            writer.counts.skip("", "its operation is not known");
        }
        ResponseFuture { inner: self.inner.call(request), sample, writer: Arc::clone(writer) }
    }
}

/// What a request tells of the exchange; `None` for an unknown operation.
fn sample<B>(request: &Request<B>, limit: usize) -> Option<Sample>
where
    B: Replay + Body<Data = Bytes> + Unpin,
{
    let template = operation::template(request)?;
    let content_type = text(request.headers(), &CONTENT_TYPE);
    let kind = content_type.to_ascii_lowercase();
    let is_text = kind.contains("json") || kind.starts_with("application/x-www-form-urlencoded");
    let bytes = if is_text { at_hand(request.body(), limit) } else { Bytes::new() };
    Some(Sample {
        method: request.method().clone(),
        template,
        status: Default::default(),
        request: Recorded { content_type, bytes },
        answer: Recorded::default(),
        is_cut: false,
        secrets: secrets(request.headers()),
    })
}

/// A body that needs not be waited for; else nothing.
fn at_hand<B>(body: &B, limit: usize) -> Bytes
where
    B: Replay + Body<Data = Bytes> + Unpin,
{
    let is_short = body.size_hint().exact().is_some_and(|length| length <= limit as u64);
    let Some(mut copy) = is_short.then(|| body.replay()).flatten() else { return Bytes::new() };
    match Pin::new(&mut copy).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) if copy.is_end_stream() => frame.into_data().unwrap_or_default(),
        _ => Bytes::new(),
    }
}

/// The secrets that headers carry.
fn secrets(headers: &HeaderMap) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for (name, value) in headers {
        if !(value.is_sensitive() || is_secret_name(name.as_str())) {
            continue;
        }
        let Ok(value) = value.to_str() else { continue };
        match *name {
            COOKIE => secrets.extend(value.split(';').filter_map(cookie)),
            // What follows the cookie is no secret: its path, how long it lives.
            SET_COOKIE => secrets.extend(value.split(';').next().and_then(cookie)),
            _ => {
                let behind_scheme = value.split_once(' ').map(|(_, token)| Secret::new(token.trim()));
                secrets.extend(behind_scheme.into_iter().chain([Secret::new(value)]));
            }
        }
    }
    secrets
}

/// The value of a cookie.
fn cookie(pair: &str) -> Option<Secret> {
    pair.split_once('=').map(|(_, value)| Secret::new(value.trim().trim_matches('"')))
}

fn text(headers: &HeaderMap, name: &http::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

pin_project! {
    /// The future of [`Record`].
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        sample: Option<Sample>,
        writer: Arc<Writer>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Output = Result<Response<ResponseBody>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(cx))?;
        let Some(mut sample) = this.sample.take() else {
            return Poll::Ready(Ok(answer.map(ResponseBody::new)));
        };
        sample.status = answer.status();
        sample.answer.content_type = text(answer.headers(), &CONTENT_TYPE);
        sample.secrets.extend(secrets(answer.headers()));
        let encoding = text(answer.headers(), &CONTENT_ENCODING);
        if !(encoding.is_empty() || encoding == "identity") {
            this.writer.counts.skip(sample.template, "its body is compressed");
            return Poll::Ready(Ok(answer.map(ResponseBody::new)));
        }
        let writer = Arc::clone(this.writer);
        Poll::Ready(Ok(answer.map(|body| ResponseBody::new(Recording::new(body, sample, writer)))))
    }
}
