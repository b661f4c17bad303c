//! The thread that writes samples, and the queue before it.
//!
//! A thread of its own, since writing blocks and nothing here may block a runtime. It is started by the first sample and ends when the
//! last layer, service and body that could bring another one is gone, and all that was handed over is written.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use edgequake_types::Secret;
use http::{Method, StatusCode};
use tokio::sync::oneshot;

use super::content::{Content, clean, learn};
use super::redact::Redactor;

/// The most bytes that may wait for the thread. More are not recorded.
const QUEUE_LIMIT: usize = 32 * 1024 * 1024;

/// What is set for a folder.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) folder: PathBuf,
    pub(super) requests: bool,
    pub(super) body_limit: usize,
    pub(super) folder_limit: u64,
    pub(super) per_operation: usize,
}

/// A body with its type.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// An exchange. Dropped where it is not written; its secrets are wiped then.
pub(super) struct Sample {
    pub(super) method: Method,
    pub(super) template: &'static str,
    pub(super) status: StatusCode,
    pub(super) request: Recorded,
    pub(super) answer: Recorded,
    /// Whether the stream was given up before its end.
    pub(super) is_cut: bool,
    pub(super) secrets: Vec<Secret>,
}

impl Sample {
    fn size(&self) -> usize {
        self.request.bytes.len() + self.answer.bytes.len()
    }
}

enum Job {
    Write(Box<Sample>),
    Flush(oneshot::Sender<()>),
}

/// What became of the exchanges so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) written: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) failed: AtomicU64,
    queued: AtomicUsize,
    has_warned: AtomicBool,
}

impl Counts {
    /// An exchange that is not recorded, for this reason.
    pub(super) fn skip(&self, template: &str, reason: &'static str) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(target: TARGET, operation = template, reason, "an exchange is not recorded");
    }

    /// A sample that could not be written. The first is a warning.
    fn fail(&self, error: &io::Error) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        if self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::debug!(target: TARGET, error = %error, "a sample cannot be written");
        } else {
            tracing::warn!(target: TARGET, error = %error, "a sample cannot be written; further failures are told at DEBUG");
        }
    }
}

const TARGET: &str = "edgequake_client::record";

/// Hands samples over to the thread.
pub(super) struct Writer {
    pub(super) options: Options,
    pub(super) counts: Arc<Counts>,
    /// `None` inside: the thread could not be started.
    queue: OnceLock<Option<Sender<Job>>>,
}

impl Writer {
    pub(super) fn new(options: Options) -> Self {
        Self { options, counts: Arc::default(), queue: OnceLock::new() }
    }

    /// Hands a sample over. Never waits.
    pub(super) fn write(&self, sample: Sample) {
        let size = sample.size();
        if self.counts.queued.fetch_add(size, Ordering::AcqRel) + size > QUEUE_LIMIT {
            self.counts.queued.fetch_sub(size, Ordering::AcqRel);
            return self.counts.skip(sample.template, "too much is waiting to be written");
        }
        let queue = self.queue.get_or_init(|| self.start());
        let sent = queue.as_ref().map(|queue| queue.send(Job::Write(Box::new(sample))));
        if !matches!(sent, Some(Ok(()))) {
            self.counts.queued.fetch_sub(size, Ordering::AcqRel);
            self.counts.fail(&io::Error::other("the thread that writes samples is gone"));
        }
    }

    /// Told when all is written that was handed over before; at once where nothing was.
    pub(super) fn flush(&self) -> oneshot::Receiver<()> {
        let (done, told) = oneshot::channel();
        if let Some(Some(queue)) = self.queue.get() {
            // If the thread is gone, so is the sender, and the receiver is told by that.
            drop(queue.send(Job::Flush(done)));
        }
        told
    }

    fn start(&self) -> Option<Sender<Job>> {
        let (sender, receiver) = mpsc::channel();
        let (options, counts) = (self.options.clone(), Arc::clone(&self.counts));
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        let run = move || tracing::dispatcher::with_default(&subscriber, || run(&receiver, options, &counts));
        let thread = std::thread::Builder::new().name("edgequake-record".to_owned()).spawn(run);
        thread.inspect_err(|error| self.counts.fail(error)).ok().map(|_| sender)
    }
}

fn run(jobs: &Receiver<Job>, options: Options, counts: &Counts) {
    let mut folder = Folder { options, redactor: Redactor::default(), counted: HashMap::new(), bytes: 0 };
    for job in jobs {
        match job {
            Job::Flush(done) => drop(done.send(())),
            Job::Write(sample) => {
                counts.queued.fetch_sub(sample.size(), Ordering::AcqRel);
                match folder.record(&sample) {
                    Ok(Ok(written)) => drop(counts.written.fetch_add(written, Ordering::Relaxed)),
                    Ok(Err(reason)) => counts.skip(sample.template, reason),
                    Err(error) => counts.fail(&error),
                }
            }
        }
    }
}

/// Why a sample is not written although nothing failed.
type Skipped = &'static str;

struct Folder {
    options: Options,
    redactor: Redactor,
    /// How many files there are of a kind.
    counted: HashMap<String, usize>,
    bytes: u64,
}

impl Folder {
    /// Writes an exchange, and tells how many files it came to.
    fn record(&mut self, sample: &Sample) -> io::Result<Result<u64, Skipped>> {
        let codes = sample.template.contains("auth");
        for secret in &sample.secrets {
            self.redactor.remember(secret.expose());
        }
        let Recorded { content_type, bytes } = &sample.request;
        learn(&mut self.redactor, content_type, bytes, codes);
        let mut files = 0;
        if self.options.requests && !bytes.is_empty() {
            let remark = "request";
            let kind = format!("{}-request", slug(&sample.method, sample.template));
            files += self.body(sample, &sample.request, &kind, remark, codes)?.unwrap_or_default();
        }
        let kind = format!("{}-{}", slug(&sample.method, sample.template), sample.status.as_u16());
        let remark = if sample.is_cut { "recorded; given up before its end" } else { "recorded" };
        // An answer's `code` is the word of an error.
        Ok(self.body(sample, &sample.answer, &kind, remark, false)?.map(|written| files + written))
    }

    fn body(
        &mut self,
        sample: &Sample,
        recorded: &Recorded,
        kind: &str,
        remark: &str,
        codes: bool,
    ) -> io::Result<Result<u64, Skipped>> {
        let number = self.counted.get(kind).copied().unwrap_or_default() + 1;
        if number > self.options.per_operation {
            return Ok(Err("there are enough of its kind"));
        }
        let Some(content) = clean(&mut self.redactor, &recorded.content_type, &recorded.bytes, codes) else {
            return Ok(Err("its body is no text that can be looked through for secrets"));
        };
        let size = content.bytes.len() as u64;
        if self.bytes.saturating_add(size) > self.options.folder_limit {
            return Ok(Err("the folder is as large as it may become"));
        }
        self.counted.insert(kind.to_owned(), number);
        let name = create(&self.options.folder, kind, number, &content)?;
        self.bytes += size;
        let status = if remark == "request" { String::new() } else { sample.status.as_u16().to_string() };
        let row = format!("{name}\t{} {}\t{remark}\t{status}\n", sample.method, sample.template);
        open(OpenOptions::new().append(true).create(true), &self.options.folder.join("manifest.tsv"))?
            .write_all(row.as_bytes())?;
        Ok(Ok(1))
    }
}

/// Writes a file under the first name from this number on that is free, and tells the name. Others may write into the same folder.
fn create(folder: &Path, kind: &str, number: usize, content: &Content) -> io::Result<String> {
    make_folder(folder)?;
    for number in number.. {
        let name = format!("{kind}-{number}.{}", content.extension);
        let path = folder.join(&name);
        match open(OpenOptions::new().write(true).create_new(true), &path) {
            Ok(mut file) => {
                // Half a file is no sample.
                file.write_all(&content.bytes).inspect_err(|_| drop(fs::remove_file(&path)))?;
                return Ok(name);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// For the eyes of the user alone: what is in a body is private, also without secrets.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A name for files out of a method and a template: `get-documents-document_id`.
fn slug(method: &Method, template: &str) -> String {
    let path = template.strip_prefix("/api/v1").unwrap_or(template);
    let parts = path
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
        .filter(|part| !part.is_empty());
    let mut name = parts.fold(method.as_str().to_ascii_lowercase(), |name, part| name + "-" + part);
    name.truncate(100);
    name
}
