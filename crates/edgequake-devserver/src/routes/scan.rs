//! Ingesting the files of a directory of the server.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use edgequake_types::documents::{ScanDirectory, ScannedDirectory, SkippedFile};

use super::upload::{About, EXTENSIONS, Outcome, accept_file, has_extension};
use crate::error::Refusal;
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::scan::{self, Found, ScanError};
use crate::state::new_track_id;

/// How many files are taken unless it is said.
const DEFAULT_FILES: u64 = 1000;

pub(super) async fn scan(call: Call, request: ScanDirectory) -> Result<Reply<ScannedDirectory>, Refusal> {
    let place = call.workspace(Refusal::validation)?;
    if request.path.trim().is_empty() {
        return Err(Refusal::bad_request("path must name a directory"));
    }
    let asked = PathBuf::from(&request.path);
    let (directory, found) = find(&call, &request).await?;
    let track_id = request.track_id.unwrap_or_else(|| new_track_id(call.now, "upload"));
    let mut scanned = ScannedDirectory::new(track_id.clone());
    scanned.files_found = (found.files.len() + found.skipped.len()) as u64;
    let shown = |path: &Path| asked.join(path).to_string_lossy().into_owned();
    let skipped = |path: &Path, reason: &str| SkippedFile::new(shown(path), Some(reason.to_owned()));
    scanned.skipped_files = found.skipped.iter().map(|(path, reason)| skipped(path, reason)).collect();
    let mut documents = Vec::new();
    for path in found.files {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let whole = directory.join(&path);
        let read = tokio::task::spawn_blocking(move || scan::read(&whole));
        let content = match read.await.map_err(|_| Refusal::internal())? {
            Ok(content) => Bytes::from(content),
            Err(reason) => {
                scanned.skipped_files.push(skipped(&path, reason));
                continue;
            }
        };
        let about = About { track_id: Some(track_id.clone()), ..About::default() };
        match accept_file(&call, name, content, about).await {
            Ok((Outcome::New { document_id, .. }, _)) => {
                documents.push(document_id);
                scanned.queued_files.push(shown(&path));
            }
            Ok((Outcome::Duplicate(_), _)) => {
                scanned.skipped_files.push(skipped(&path, "the same content is being processed"));
            }
            Err(refusal) => scanned.skipped_files.push(skipped(&path, refusal.message())),
        }
    }
    scanned.files_queued = scanned.queued_files.len() as u64;
    scanned.files_skipped = scanned.skipped_files.len() as u64;
    if request.async_processing == Some(false) {
        processing::settled(&call.app, &call.app.spaces.open(&place), &documents).await;
    }
    Ok(Reply::new(scanned))
}

/// The directory without links, and what is in it.
async fn find(call: &Call, request: &ScanDirectory) -> Result<(PathBuf, Found), Refusal> {
    let asked = PathBuf::from(&request.path);
    let extensions = request.extensions.as_deref().unwrap_or_default();
    let extensions = extensions.iter().map(|extension| extension.trim().trim_start_matches('.').to_owned());
    let extensions: Vec<String> = extensions.filter(|extension| !extension.is_empty()).collect();
    let recursive = request.recursive.unwrap_or(true);
    let max = usize::try_from(request.max_files.unwrap_or(DEFAULT_FILES)).unwrap_or(usize::MAX);
    let app = call.app.clone();
    let found = tokio::task::spawn_blocking(move || {
        let directory = scan::resolve(&app.config.scan_roots, &asked)?;
        let choose = |path: &Path| {
            if !has_extension(path, &EXTENSIONS) {
                Err("files of this type are not supported")
            } else if extensions.is_empty() || has_extension(path, &extensions) {
                Ok(())
            } else {
                Err("its extension is not among those that are asked for")
            }
        };
        let found = scan::files(&directory, recursive, max, choose);
        Ok((directory, found))
    });
    let found = found.await.map_err(|_| Refusal::internal())?;
    found.map_err(|error| match error {
        ScanError::Forbidden => Refusal::forbidden("scan_path_not_allowed"),
        ScanError::Missing => Refusal::not_found(format!("directory {}", request.path)),
    })
}
