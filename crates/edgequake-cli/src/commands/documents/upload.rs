//! `documents upload`: files, folders and streams, and waiting for all of them together.

mod counts;
mod describe;
mod display;
mod interrupt;
mod pattern;
mod source;
mod stream;
mod report;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edgequake_client::folder::FolderUpload;
use edgequake_types::documents::UploadFile;
use edgequake_types::pdf::UploadPdf;
use tokio::time::Instant;

use self::describe::{described, described_pdf};
use self::interrupt::Interrupt;
use self::report::Report;
use self::source::{Plan, Source};
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
    let (mut sources, mut kept) = (plan.sources, None);
    if let Some(stream) = plan.stream {
        // Not the time to end by itself: what Ctrl-C has ended as well may be what fills the pipe.
        if options.resume {
            match interrupt.unless_told(stream::keep(&stream)).await {
                Some(Ok(stream)) => {
                    sources.insert(0, Source::Files(vec![stream.path.clone()]));
                    report.call(stream.path.clone(), stream.name.clone());
                    kept = Some(stream);
                }
                Some(Err(failure)) => report.unusable(cx, &stream.name, failure),
                None => report.not_tried(),
            }
        } else {
            match interrupt.unless_told(stream::send(cx, &stream, &options)).await {
                Some(sent) => report.sent(cx, &stream.name, sent),
                None => report.not_tried(),
            }
        }
    }
    let complete = send_files(cx, &mut report, &mut interrupt, sources, &options).await;
    drop(kept);
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
                report.stopping(cx, GRACE);
                deadline = Some(Instant::now() + GRACE);
                continue;
            }
            event = events.next() => event,
            () = until(deadline) => {
                report.cut_off(cx);
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
    let of_text = move |_: &Path, upload: UploadFile| described(upload, &title, &metadata);
    let (title, metadata) = (options.title.clone(), options.metadata.clone());
    let of_pdf = move |_: &Path, upload: UploadPdf| described_pdf(upload, &title, &metadata);
    upload.configure(of_text).configure_pdf(of_pdf)
}
