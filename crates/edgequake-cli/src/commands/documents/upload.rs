//! `documents upload`: files, folders and streams, and waiting for all of them together.

mod source;
mod report;

use std::collections::HashSet;
use std::path::PathBuf;

use edgequake_client::folder::FolderUpload;
use edgequake_client::resources::Uploaded;
use edgequake_types::documents::{DocumentStatus, UploadFile, UploadedFile};
use edgequake_types::pdf::{PdfStatus, UploadPdf, UploadedPdf};
use tokio::io::AsyncRead;

use self::report::Report;
use self::source::{Plan, Source, Stream};
use super::together::Together;
use crate::args::documents::Upload;
use crate::context::Context;
use crate::failure::Failure;

/// Uploads everything, then waits for everything, if that is wanted.
pub(super) async fn run(cx: &mut Context, options: Upload) -> Result<(), Failure> {
    let plan = Plan::make(&options).await?;
    let mut report = Report::new(options.wait);
    for (pattern, failure) in plan.failed {
        report.found(1);
        report.failed(cx, &pattern, failure)?;
    }
    if let Some(stream) = plan.stream {
        send_stream(cx, &mut report, stream, &options).await?;
    }
    if !plan.sources.is_empty() && !report.is_stopped() {
        send_files(cx, &mut report, plan.sources, &options).await?;
    }
    if options.wait {
        let mut together = Together::new(cx, report.begin_waiting());
        while let Some(ended) = together.next().await {
            report.ended(cx, ended)?;
        }
    }
    report.finish(cx)
}

/// Uploads the files of all sources in one run, in which each content is uploaded once.
async fn send_files(
    cx: &mut Context,
    report: &mut Report,
    sources: Vec<Source>,
    options: &Upload,
) -> Result<(), Failure> {
    let named: HashSet<PathBuf> = sources.iter().flat_map(Source::named).cloned().collect();
    let none: [PathBuf; 0] = [];
    let upload = cx.client.documents().upload_files(none);
    let upload = sources.into_iter().fold(upload, |upload, source| match source {
        Source::Files(paths) => upload.and_files(paths),
        Source::Folder(path) => upload.and_folder(path),
    });
    let mut events = configured(upload, options).events();
    while let Some(event) = events.next().await {
        report.take(cx, event, &named)?;
    }
    Ok(())
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
async fn send_stream(
    cx: &mut Context,
    report: &mut Report,
    stream: Stream,
    options: &Upload,
) -> Result<(), Failure> {
    report.found(1);
    let name = stream.name.clone();
    let sent = async {
        match stream.path {
            None => send(cx, tokio::io::stdin(), &name, options).await,
            Some(path) => match tokio::fs::File::open(&path).await {
                Ok(file) => send(cx, file, &name, options).await,
                Err(error) => {
                    Err(Failure::caused_by(format!("cannot read {}: {error}", path.display()), error))
                }
            },
        }
    };
    match sent.await {
        Ok((upload, false)) => report.uploaded(cx, &name, upload),
        Ok((upload, true)) => report.already_there(cx, &name, upload),
        Err(failure) => report.failed(cx, &name, failure),
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
