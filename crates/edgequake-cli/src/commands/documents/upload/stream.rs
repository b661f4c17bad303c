//! What can be read only once: standard input, or a pipe.

use std::path::{Path, PathBuf};

use edgequake_client::resources::Uploaded;
use edgequake_types::documents::{DocumentStatus, UploadedFile};
use edgequake_types::pdf::{PdfStatus, UploadedPdf};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};

use super::describe::{described, described_pdf};
use super::source::Stream;
use crate::args::documents::Upload;
use crate::context::Context;
use crate::failure::Failure;

/// What a stream gives.
type Reader = BufReader<Box<dyn AsyncRead + Send + Unpin>>;

/// Opens a stream. An empty one is a failure.
async fn open(stream: &Stream) -> Result<Reader, Failure> {
    let cannot_read = |error: std::io::Error| {
        let from =
            stream.path.as_ref().map_or("standard input".to_owned(), |path| path.display().to_string());
        Failure::caused_by(format!("{} cannot be read from {from}: {error}", stream.name), error)
    };
    let reader: Box<dyn AsyncRead + Send + Unpin> = match &stream.path {
        None => Box::new(tokio::io::stdin()),
        Some(path) => Box::new(tokio::fs::File::open(path).await.map_err(cannot_read)?),
    };
    let mut reader = BufReader::new(reader);
    if reader.fill_buf().await.map_err(cannot_read)?.is_empty() {
        return Err(Failure::other(format!("{} is empty: no server takes that", stream.name)));
    }
    Ok(reader)
}

/// Uploads a stream while it is read. Gives the upload, and whether the server has the content already.
pub(super) async fn send(
    cx: &Context,
    stream: &Stream,
    options: &Upload,
) -> Result<(Uploaded, bool), Failure> {
    let (reader, name) = (open(stream).await?, &stream.name);
    let is_pdf = Path::new(name).extension().is_some_and(|it| it.eq_ignore_ascii_case("pdf"));
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

/// A stream that was read to its end.
pub(super) struct Kept {
    /// The name that it is uploaded under.
    pub(super) name: String,
    /// The file with the content.
    pub(super) path: PathBuf,
    /// Taken away with this.
    _folder: TempDir,
}

/// Reads a stream into a file, for content has to be known as a whole before anybody can say whether it is there already.
pub(super) async fn keep(stream: &Stream) -> Result<Kept, Failure> {
    let mut reader = open(stream).await?;
    let cannot_keep = |error: std::io::Error| {
        let folder = std::env::temp_dir();
        let text = format!("{} cannot be kept in {}: {error}", stream.name, folder.display());
        Failure::caused_by(text, error)
    };
    // Nobody else may look into it.
    let folder = tempfile::tempdir().map_err(cannot_keep)?;
    let path = folder.path().join(&stream.name);
    let mut file = tokio::fs::File::create_new(&path).await.map_err(cannot_keep)?;
    tokio::io::copy_buf(&mut reader, &mut file).await.map_err(cannot_keep)?;
    file.flush().await.map_err(cannot_keep)?;
    Ok(Kept { name: stream.name.clone(), path, _folder: folder })
}
