//! Uploading a file from disk, without ever holding it in memory.

use std::path::Path;
use std::time::Duration;

use edgequake_types::documents::UploadFile;
use edgequake_types::{Body, Endpoint};
use http::HeaderValue;

use crate::body::{FileUploadError, file};
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// The slowest upload that is waited for, in bytes per second: the limits of an upload grow by its size over this.
const SLOWEST: u64 = 64 * 1024;

pub(super) async fn upload(
    client: &Client,
    path: &Path,
    options: impl FnOnce(UploadFile) -> UploadFile,
) -> Result<Call<UploadFile>, Error> {
    let refused = |error: FileUploadError| {
        Error::new(ErrorKind::Request).because(error).during(UploadFile::PATH, UploadFile::SINCE)
    };
    let length = file::length_of(path).await.map_err(refused)?;
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let upload = options(UploadFile::deferred(name, length));
    let Body::Form(form) = upload.body()? else {
        return Err(Error::new(ErrorKind::Request).note("an upload must be a form"));
    };
    let content_type = HeaderValue::try_from(form.content_type());
    let content_type = content_type.map_err(|error| Error::new(ErrorKind::Request).because(error))?;
    let extra = Duration::from_secs(form.length() / SLOWEST);
    Ok(client.send(upload).form(content_type, file::form_with_file(&form, path)).patience(extra))
}
