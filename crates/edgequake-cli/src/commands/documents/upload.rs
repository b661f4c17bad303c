//! `documents upload`: files, folders and streams, and waiting for all of them together.

mod display;
mod interrupt;
mod source;
mod report;

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use edgequake_client::folder::FolderUpload;
use edgequake_client::resources::Uploaded;
use edgequake_types::documents::{DocumentStatus, UploadFile, UploadedFile};
use edgequake_types::pdf::{PdfStatus, UploadPdf, UploadedPdf};
use tokio::io::AsyncRead;
use tokio::time::Instant;

use self::interrupt::Interrupt;
use self::report::Report;
use self::source::{Plan, Source, Stream};
use super::together::Together;
use crate::args::documents::Upload;
use crate::context::Context;
use crate::failure::Failure;

/// How long uploads under way may take once a signal came.
const GRACE: Duration = Duration::from_secs(3);

/// Uploads everything, then waits for everything, if that is wanted.
pub(super) async fn run(cx: &mut Context, options: Upload) -> Result<(), Failure> {
    let plan = Plan::make(&options).await?;
    let mut report = Report::new(options.wait);
    let mut interrupt = Interrupt::of(cx);
    cx.unfinished.set_uploading(true);
    for (pattern, failure) in plan.failed {
        report.unusable(cx, &pattern, failure);
    }
    if let Some(stream) = plan.stream {
        let name = stream.name.clone();
        // Not the time to end by itself: what Ctrl-C has ended as well may be what fills the pipe.
        match interrupt.unless_told(send_stream(cx, &stream, &options)).await {
            Some(sent) => report.sent(cx, &name, sent),
            None => report.not_tried(),
        }
    }
    let complete = send_files(cx, &mut report, &mut interrupt, plan.sources, &options).await;
    cx.unfinished.set_uploading(!complete || report.left_some());
    if options.wait && !report.is_broken() {
        let mut together = Together::new(cx, report.begin_waiting());
        while let Some(Some(ended)) = interrupt.unless_told(together.next()).await {
            report.ended(cx, ended);
            if report.is_broken() {
                break;
            }
        }
    }
    report.finish(cx)
}

/// Uploads the files of all sources in one run, in which each content is uploaded once. False where it was cut off.
async fn send_files(
    cx: &mut Context,
    report: &mut Report,
    interrupt: &mut Interrupt,
    sources: Vec<Source>,
    options: &Upload,
) -> bool {
    if sources.is_empty() {
        return true;
    }
    let named: HashSet<PathBuf> = sources.iter().flat_map(Source::named).cloned().collect();
    let none: [PathBuf; 0] = [];
    let upload = cx.client.documents().upload_files(none);
    let upload = sources.into_iter().fold(upload, |upload, source| match source {
        Source::Files(paths) => upload.and_files(paths),
        Source::Folder(path) => upload.and_folder(path),
    });
    let mut events = configured(upload, options).events();
    let mut deadline = None;
    loop {
        if report.is_stopped() {
            events.stop();
        }
        let event = tokio::select! {
            biased;
            () = interrupt.told(), if deadline.is_none() => {
                events.stop();
                deadline = Some(Instant::now() + GRACE);
                continue;
            }
            event = events.next() => event,
            () = until(deadline) => {
                cx.notes.warn("uploads under way were cut off: the server may have taken them");
                return false;
            }
        };
        let Some(event) = event else { return true };
        report.take(cx, event, &named);
    }
}

/// Waits until then; for ever, where there is no such moment.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn configured(upload: FolderUpload, options: &Upload) -> FolderUpload {
    let mut upload = upload
        .concurrency(options.jobs.into())
        .retries(options.retry)
        .resume(options.resume)
        .hidden(options.hidden)
        .ignore_files(!options.no_ignore)
        .follow_links(options.follow_links);
    for glob in &options.include {
        upload = upload.include(glob);
    }
    for glob in &options.exclude {
        upload = upload.exclude(glob);
    }
    if options.any_type {
        upload = upload.any_extension();
    }
    let (title, metadata) = (options.title.clone(), options.metadata.clone());
    let of_text = move |_: &std::path::Path, upload: UploadFile| described(upload, &title, &metadata);
    let (title, metadata) = (options.title.clone(), options.metadata.clone());
    let of_pdf = move |_: &std::path::Path, upload: UploadPdf| described_pdf(upload, &title, &metadata);
    upload.configure(of_text).configure_pdf(of_pdf)
}

fn described(
    mut upload: UploadFile,
    title: &Option<String>,
    metadata: &Option<serde_json::Value>,
) -> UploadFile {
    upload.title = title.clone().or(upload.title);
    upload.metadata = metadata.clone().or(upload.metadata);
    upload
}

fn described_pdf(
    mut upload: UploadPdf,
    title: &Option<String>,
    metadata: &Option<serde_json::Value>,
) -> UploadPdf {
    upload.title = title.clone().or(upload.title);
    upload.metadata = metadata.clone().or(upload.metadata);
    upload
}

/// Uploads what can be read only once.
async fn send_stream(cx: &Context, stream: &Stream, options: &Upload) -> Result<(Uploaded, bool), Failure> {
    match &stream.path {
        None => send(cx, tokio::io::stdin(), &stream.name, options).await,
        Some(path) => match tokio::fs::File::open(path).await {
            Ok(file) => send(cx, file, &stream.name, options).await,
            Err(error) => Err(Failure::caused_by(format!("cannot read {}: {error}", path.display()), error)),
        },
    }
}

/// The upload, and whether the server has the content already.
async fn send(
    cx: &Context,
    reader: impl AsyncRead + Send + 'static,
    name: &str,
    options: &Upload,
) -> Result<(Uploaded, bool), Failure> {
    let is_pdf = std::path::Path::new(name).extension().is_some_and(|it| it.eq_ignore_ascii_case("pdf"));
    if is_pdf {
        let upload = cx.client.pdfs().upload_reader(reader, name);
        let upload = upload.configure(|upload| described_pdf(upload, &options.title, &options.metadata));
        let answer: UploadedPdf = upload.await?;
        return Ok((Uploaded::from(&answer), answer.status == Some(PdfStatus::Duplicate)));
    }
    let upload = cx.client.documents().upload_reader(reader, name);
    let upload = upload.configure(|upload| described(upload, &options.title, &options.metadata));
    let answer: UploadedFile = upload.await?;
    let known =
        matches!(answer.status, Some(DocumentStatus::Duplicate | DocumentStatus::DuplicateProcessing));
    Ok((Uploaded::from(&answer), known))
}
