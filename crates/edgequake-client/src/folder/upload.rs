//! [`FolderUpload`]: how files are to be uploaded.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::documents::UploadFile;
use edgequake_types::pdf::UploadPdf;

use super::events::FolderEvents;
use super::options::Options;
use super::walk::{Source, Sources};
use crate::client::Client;
use crate::resources::Documents;

impl Documents<'_> {
    /// Uploads the files of a folder and of the folders in it, a few at a time. PDFs go to `POST /api/v1/documents/pdf`, all others to
    /// `POST /api/v1/documents/upload`.
    pub fn upload_folder(&self, path: impl Into<PathBuf>) -> FolderUpload {
        FolderUpload::new(self.client().clone(), Source::Folder(path.into()))
    }

    /// Uploads the files of a list, as [`upload_folder`](Self::upload_folder) does those of a folder. No rule but
    /// [`max_size`](FolderUpload::max_size) is applied to them; a path of a folder is an error. Nothing of the list is asked for before
    /// there is room for it, on a thread that may block.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::folder::FolderEvent;
    ///
    /// let mut events = client.documents().upload_files(["north.md", "south.md"]).wait(true).events();
    /// while let Some(event) = events.next().await {
    ///     if let FolderEvent::Finished(report) = event {
    ///         println!("{report}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_files<P: Into<PathBuf> + 'static>(
        &self,
        paths: impl IntoIterator<Item = P, IntoIter: Send + 'static>,
    ) -> FolderUpload {
        FolderUpload::new(self.client().clone(), files(paths))
    }
}

/// Uploads the files of a folder. Nothing is read or sent before the stream of [`events`](Self::events) is polled.
///
/// Which files:
///
/// * those with an extension that servers take: `txt`, `md`, `json`, `csv`, `html`, `htm`, `xml`, `yaml`, `yml`, and `pdf`; see
///   [`extensions`](Self::extensions);
/// * not those that a `.gitignore`, `.ignore` or `.edgequakeignore` leaves out, each in the format of `.gitignore`, also of a folder
///   above, and whether or not the folder is in a repository; see [`ignore_files`](Self::ignore_files). The later of the three counts most;
/// * not hidden files and folders, and no links; see [`hidden`](Self::hidden) and [`follow_links`](Self::follow_links).
///
/// Each is hashed and sent in pieces, and uploaded in the state in which it was hashed or not at all. A file in a folder below gets its path
/// there as the title, as `notes/2031/bridge.md`, which most servers keep as metadata beside the file name. Of several files with the same content, one is uploaded.
///
/// A failure is told and does not end the run, unless it would hit every file: a refused credential, a permission that is missing, a server
/// that three files in a row have not reached with all their retries.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use edgequake_client::folder::FolderEvent;
/// use edgequake_client::types::documents::ChunkStrategy;
///
/// let upload = client.documents().upload_folder("handbook").include("*.md").exclude("drafts/").concurrency(8).resume(true);
/// let upload = upload.configure(|_, upload| upload.chunk_strategy(ChunkStrategy::Markdown));
/// let mut events = upload.events();
/// while let Some(event) = events.next().await {
///     match event {
///         FolderEvent::Skipped { path, reason, .. } => println!("{}: {reason}", path.display()),
///         FolderEvent::Failed { path, error, .. } => eprintln!("{}: {error}", path.display()),
///         FolderEvent::Finished(report) if !report.is_success() => eprintln!("{report}"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is uploaded until its events are polled"]
pub struct FolderUpload {
    client: Client,
    sources: Sources,
    options: Options,
}

fn files<P: Into<PathBuf> + 'static>(paths: impl IntoIterator<Item = P, IntoIter: Send + 'static>) -> Source {
    Source::Files(Box::new(paths.into_iter().map(Into::into)))
}

impl FolderUpload {
    fn new(client: Client, source: Source) -> Self {
        Self { client, sources: Sources::new(source), options: Options::default() }
    }

    /// Uploads the files of this folder as well, after the others and as one run with them: of the same content one file is uploaded,
    /// wherever it is.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::folder::FolderEvent;
    ///
    /// let upload = client.documents().upload_folder("handbook").and_folder("notes").and_files(["north.md"]);
    /// let mut events = upload.resume(true).events();
    /// while let Some(event) = events.next().await {
    ///     if let FolderEvent::Finished(report) = event {
    ///         println!("{report}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn and_folder(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.add(Source::Folder(path.into()));
        self
    }

    /// Uploads the files of this list as well, as [`upload_files`](Documents::upload_files) does, after the others and as one run with them.
    pub fn and_files<P: Into<PathBuf> + 'static>(
        mut self,
        paths: impl IntoIterator<Item = P, IntoIter: Send + 'static>,
    ) -> Self {
        self.sources.add(files(paths));
        self
    }

    /// How many files are uploaded at once, at least 1; default 6. With as many connections where the server has no HTTP/2, and one
    /// more for questions.
    pub fn concurrency(mut self, files: usize) -> Self {
        self.options.concurrency = files.max(1);
        self
    }

    /// Whether `.gitignore`, `.ignore` and `.edgequakeignore` are followed; default true.
    pub fn ignore_files(mut self, follow: bool) -> Self {
        self.options.rules.ignore_files = follow;
        self
    }

    /// Whether hidden files and folders are taken, those whose name begins with a dot; default false.
    pub fn hidden(mut self, take: bool) -> Self {
        self.options.rules.hidden = take;
        self
    }

    /// Whether links to files and folders are followed; default false. A link to a folder that it is in is an error, not an endless walk.
    pub fn follow_links(mut self, follow: bool) -> Self {
        self.options.rules.follow_links = follow;
        self
    }

    /// Takes only files that match this glob, or another one that was given, such as `*.md` or `2031/**`. In the format of `.gitignore`: one
    /// without a slash is for any folder. It does not bring back what is ignored or hidden. A glob that is malformed is told as the failure
    /// of the folder.
    pub fn include(mut self, glob: impl Into<String>) -> Self {
        self.options.rules.include.push(glob.into());
        self
    }

    /// Leaves out the files and folders that match this glob, in the same format.
    pub fn exclude(mut self, glob: impl Into<String>) -> Self {
        self.options.rules.exclude.push(glob.into());
        self
    }

    /// Takes the files with these extensions, without a dot and whatever their case, in place of those that servers are known to take.
    pub fn extensions(mut self, extensions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let extensions = extensions.into_iter().map(|it| it.into().trim_start_matches('.').to_lowercase());
        self.options.rules.extensions = Some(extensions.collect());
        self
    }

    /// Takes files whatever their extension, and leaves it to the server to refuse them.
    pub fn any_extension(mut self) -> Self {
        self.options.rules.extensions = None;
        self
    }

    /// Leaves out files that are larger, in bytes; default: none.
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.options.rules.max_size = Some(bytes);
        self
    }

    /// Whether files are skipped whose content the workspace holds already, so that a run that was interrupted goes on, and a second one
    /// uploads only what is new; default false. Not those whose document failed, as a whole or in part, or was cancelled.
    ///
    /// The list of documents is read first. A document of the same length as a file is then asked for the SHA-256 of its content, those with
    /// the same file name first and up to eight others, for a file that was renamed. A changed file is uploaded as a new document; the one
    /// with its old content stays. Where requests name no tenant and workspace, some servers show an empty list, and nothing is skipped. Where a server tells no hashes at
    /// all, nothing is skipped either; where its list is not complete, [`resume_incomplete`](super::FolderReport::resume_incomplete) says so. Of
    /// PDFs, servers tell no hash: they are sent, and the server says whether it has them. One that failed before is converted again.
    pub fn resume(mut self, resume: bool) -> Self {
        self.options.resume = resume;
        self
    }

    /// How often a file is tried again after a failure that may pass, or after it changed while it was uploaded, with a pause that grows;
    /// default 2. That comes on top of the retries of the client, which never repeat an upload that may have arrived; with 0, each file is
    /// sent once, and not by the client again either. One that did arrive is not stored twice: the server recognizes it.
    pub fn retries(mut self, retries: u32) -> Self {
        self.options.retries = retries;
        self
    }

    /// Whether the documents are waited for until they are processed; default false. Meanwhile others are uploaded. However many there are, the server is asked at
    /// most ten times a second for all of them together, see [`WaitAll`](crate::WaitAll).
    pub fn wait(mut self, wait: bool) -> Self {
        self.options.wait = wait;
        self
    }

    /// How long to wait while no document ends and none comes further; default 600 s, `None` is for ever.
    pub fn wait_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.wait_limit = limit.into();
        self
    }

    /// Sets options of each upload that is not a PDF, by the path of its file: metadata, how the text is cut. Its content stays that of the
    /// file.
    pub fn configure(
        mut self,
        change: impl Fn(&Path, UploadFile) -> UploadFile + Send + Sync + 'static,
    ) -> Self {
        self.options.configure = Some(Arc::new(change));
        self
    }

    /// Sets options of each upload of a PDF, by the path of its file.
    pub fn configure_pdf(
        mut self,
        change: impl Fn(&Path, UploadPdf) -> UploadPdf + Send + Sync + 'static,
    ) -> Self {
        self.options.configure_pdf = Some(Arc::new(change));
        self
    }

    /// The run, as a stream of what becomes of each file.
    pub fn events(self) -> FolderEvents {
        FolderEvents::new(self.client, self.sources, self.options)
    }
}

impl fmt::Debug for FolderUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FolderUpload")
            .field("folder", &self.sources.folder())
            .field("rules", &self.options.rules)
            .finish_non_exhaustive()
    }
}
