//! A folder into a workspace: which files, what becomes of each, and that the numbers add up.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use edgequake_client::folder::{FolderEvent, FolderReport, FolderUpload, SkipReason};
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_client::{Client, ErrorKind, FileUploadError, RetryConfig};
use edgequake_devserver::{Backend, DevServer, DevServerBuilder, Fault};
use tempfile::TempDir;

/// A folder of these files.
pub(crate) fn folder<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

/// Files `0.md`, `1.md`, ... that differ and are all of one length.
pub(crate) fn many(count: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..count {
        std::fs::write(folder.path().join(format!("{number}.md")), format!("The bridge number {number:06}."))
            .unwrap();
    }
    folder
}

/// Lists are empty where none is named.
pub(crate) fn in_workspace(client: &Client) -> Client {
    client.with_tenant(TenantId::server_default()).with_workspace(WorkspaceId::server_default())
}

/// In this process, without a socket.
pub(crate) fn backend(builder: DevServerBuilder) -> (Backend, Client) {
    let backend = builder.auth(false).build().unwrap();
    // What passes is tried again by the run alone.
    let client = Client::builder().retry(RetryConfig::none()).build_on(backend.service()).unwrap();
    (backend, in_workspace(&client))
}

/// Runs to the end. Each file with what became of it, by its path in the folder, and the report.
pub(crate) async fn run(upload: FolderUpload, root: &Path) -> (BTreeMap<String, String>, FolderReport) {
    let mut events = upload.events();
    let (mut told, mut counted) = (BTreeMap::new(), FolderReport::default());
    while let Some(event) = events.next().await {
        let name = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
        let (path, what) = match event {
            FolderEvent::Found { path, .. } => (path, "found".to_owned()),
            FolderEvent::Skipped { path, reason, .. } => (path, format!("skipped: {reason}")),
            FolderEvent::Uploaded { path, upload, .. } => {
                assert!(upload.document_id().is_some());
                (path, "uploaded".to_owned())
            }
            FolderEvent::Processed { path, document, .. } => {
                assert!(document.chunk_count > 0);
                (path, "processed".to_owned())
            }
            FolderEvent::Failed { path, error, .. } => (path, format!("failed: {error}")),
            FolderEvent::ProcessingFailed { path, error, .. } => (path, format!("not processed: {error}")),
            FolderEvent::Finished(report) => {
                counted = report;
                continue;
            }
            _ => continue,
        };
        let all: &mut String = told.entry(name(&path)).or_default();
        let all: &mut String = all;
        all.push_str(if all.is_empty() { "" } else { ", " });
        all.push_str(&what);
    }
    assert_eq!(counted.found, counted.skipped + counted.uploaded + counted.failed, "{counted:?}");
    (told, counted)
}

pub(crate) fn lines(told: &BTreeMap<String, String>) -> String {
    told.iter().map(|(path, what)| format!("{path}: {what}\n")).collect()
}

#[tokio::test]
async fn rules_decide_which_files_are_found() {
    let files = [
        ("a.md", "The first bridge."),
        ("b.TXT", "The second bridge."),
        ("picture.png", "no text"),
        ("noext", "no extension"),
        ("empty.md", ""),
        ("large.md", "A text that is longer than the limit of this test allows."),
        (".hidden.md", "hidden"),
        (".git/x.md", "hidden"),
        ("ignored.md", "ignored"),
        ("build/out.md", "ignored"),
        ("drafts/d.md", "left out"),
        ("notes/private.md", "ignored here"),
        ("notes/c.md", "The third bridge."),
        (".gitignore", "ignored.md\nbuild/\n"),
        ("notes/.edgequakeignore", "private.md\n"),
    ];
    let folder = folder(files);
    std::os::unix::fs::symlink(folder.path().join("a.md"), folder.path().join("link.md")).unwrap();
    let (_server, client) = backend(DevServer::builder());
    let upload = || client.documents().upload_folder(folder.path()).max_size(30).exclude("drafts/");
    let (told, report) = run(upload(), folder.path()).await;
    insta::assert_snapshot!(lines(&told), @r"
    a.md: found, uploaded
    b.TXT: found, uploaded
    empty.md: found, skipped: empty
    large.md: found, skipped: too large
    link.md: found, skipped: a link
    noext: found, skipped: not a type of file that servers take
    notes/c.md: found, uploaded
    picture.png: found, skipped: not a type of file that servers take
    ");
    assert!(report.is_success());
    let titles: Vec<_> = client.documents().list(ListDocuments::new()).await.unwrap().documents;
    assert_eq!(titles.len(), 3);

    // Of its own globs, those that let in do not bring back what is ignored.
    let (told, _) = run(upload().include("*.md").include("*.png").resume(true), folder.path()).await;
    insta::assert_snapshot!(lines(&told), @r"
    a.md: found, skipped: already in the workspace
    empty.md: found, skipped: empty
    large.md: found, skipped: too large
    link.md: found, skipped: a link
    notes/c.md: found, skipped: already in the workspace
    picture.png: found, skipped: not a type of file that servers take
    ");
    let (told, _) =
        run(upload().ignore_files(false).include("ignored.md").include("private.md"), folder.path()).await;
    insta::assert_snapshot!(lines(&told), @r"
    ignored.md: found, uploaded
    notes/private.md: found, uploaded
    ");
    let (told, _) = run(upload().hidden(true).include(".hidden.md").any_extension(), folder.path()).await;
    insta::assert_snapshot!(lines(&told), @".hidden.md: found, uploaded");
    for glob in [upload().include("b[.md"), upload().exclude("b[.md")] {
        let (told, _) = run(glob, folder.path()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(lines(&told), @": failed: the request cannot be written: the glob 'b[.md' cannot be read: unclosed character class; missing ']'");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_with_its_path() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder([("good.md", "The first bridge."), ("sub/other.md", "The second bridge.")]);
    let root = folder.path();
    let odd = std::ffi::OsStr::from_bytes(b"n\xffme.md");
    std::fs::write(root.join(odd), "The third bridge.").unwrap();
    std::os::unix::fs::symlink("/proc/version", root.join("version.md")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("broken.md")).unwrap();
    std::os::unix::fs::symlink(root, root.join("sub/loop")).unwrap();
    let (_server, client) = backend(DevServer::builder());
    let upload = client.documents().upload_folder(root).follow_links(true);
    let (told, report) = run(upload, root).await;
    insta::assert_snapshot!(lines(&told).replace(root.to_str().unwrap(), "FOLDER"), @r"
    broken.md: failed: the request cannot be written: cannot read FOLDER/broken.md: No such file or directory (os error 2)
    good.md: found, uploaded
    n�me.md: found, uploaded
    sub/loop: failed: the request cannot be written: cannot read FOLDER/sub/loop: it is a link to a folder that it is in
    sub/other.md: found, uploaded
    version.md: found, failed: the request cannot be written: FOLDER/version.md is said to be empty, but has content, as files of /proc do: upload it as a reader
    ");
    assert_eq!((report.uploaded, report.failed), (3, 3));

    let (told, report) = run(client.documents().upload_folder(root.join("missing")), root).await;
    insta::assert_snapshot!(lines(&told).replace(root.to_str().unwrap(), "FOLDER"), @"missing: failed: the request cannot be written: cannot read FOLDER/missing: No such file or directory (os error 2)");
    assert_eq!((report.found, report.failed), (1, 1));

    // A list of files: what is named is wanted.
    let names = ["good.md", "sub", "gone.md", "version.md"].map(|name| root.join(name));
    let (told, _) = run(client.documents().upload_files(names).resume(true), root).await;
    insta::assert_snapshot!(lines(&told).replace(root.to_str().unwrap(), "FOLDER"), @r"
    gone.md: failed: the request cannot be written: cannot read FOLDER/gone.md: No such file or directory (os error 2)
    good.md: found, skipped: already in the workspace
    sub: failed: the request cannot be written: FOLDER/sub is not a file
    version.md: found, failed: the request cannot be written: FOLDER/version.md is said to be empty, but has content, as files of /proc do: upload it as a reader
    ");
    let mut events = client.documents().upload_files([root.join("version.md")]).events();
    let error = loop {
        match events.next().await.unwrap() {
            FolderEvent::Failed { error, .. } => break error,
            _ => continue,
        }
    };
    assert!(matches!(error.find(), Some(FileUploadError::UnknownLength { .. })), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn twenty_files_are_processed_in_the_time_of_one() {
    let (server, client) = backend(DevServer::builder().processing_delay(Duration::from_secs(3)));
    let folder = many(20);
    let begun = tokio::time::Instant::now();
    let (told, report) = run(client.documents().upload_folder(folder.path()).wait(true), folder.path()).await;
    assert!(told.values().all(|what| what == "found, uploaded, processed"), "{told:?}");
    assert_eq!((report.uploaded, report.processed), (20, 20));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // One question for all of them, again and again.
    let asked = server.request_log().iter().filter(|seen| seen.method == "GET").count();
    assert!(asked <= 12, "{asked}");
}

#[tokio::test(start_paused = true)]
async fn documents_that_fail_are_no_successes() {
    let faults = [
        Fault::fail_processing("embedding").skip(1).times(1),
        Fault::partial_processing("extracting").times(1),
    ];
    let mut builder = DevServer::builder().processing_delay(Duration::from_secs(1));
    for fault in faults {
        builder = builder.fault(fault);
    }
    let (_server, client) = backend(builder);
    let folder = many(5);
    let upload = client.documents().upload_folder(folder.path()).concurrency(1).wait(true);
    let (told, report) = run(upload, folder.path()).await;
    assert_eq!((report.uploaded, report.processed, report.processing_failed), (5, 3, 2));
    assert!(!report.is_success());
    let failed = told.values().filter(|what| what.contains("not processed: processing document ")).count();
    assert_eq!(failed, 2, "{told:?}");
    // Those that failed, as a whole or in part, are uploaded again, and nothing else.
    let (_, report) = run(client.documents().upload_folder(folder.path()).resume(true), folder.path()).await;
    assert_eq!((report.uploaded, report.already_there), (2, 3));
}

#[tokio::test]
async fn the_same_content_is_uploaded_once() {
    let files = [("a.md", "The bridge."), ("b.md", "The bridge."), ("c.md", "Another one.")];
    let folder = folder(files);
    let (_server, client) = backend(DevServer::builder());
    let (_, report) = run(client.documents().upload_folder(folder.path()).wait(true), folder.path()).await;
    assert_eq!((report.uploaded, report.skipped, report.processed), (2, 1, 2));

    // A file that was renamed is known by its content; one that changed is new.
    std::fs::rename(folder.path().join("c.md"), folder.path().join("d.md")).unwrap();
    std::fs::write(folder.path().join("a.md"), "The tunnel.").unwrap();
    let (told, report) =
        run(client.documents().upload_folder(folder.path()).resume(true), folder.path()).await;
    insta::assert_snapshot!(lines(&told), @r"
    a.md: found, uploaded
    b.md: found, skipped: already in the workspace
    d.md: found, skipped: already in the workspace
    ");
    assert_eq!(report.already_there, 2);
}

#[tokio::test]
async fn several_folders_and_lists_are_one_run() {
    let files = [("one/a.md", "The bridge."), ("one/sub/b.md", "The tunnel."), ("two/a.md", "The ferry.")];
    let folder = folder(files);
    let (server, client) = backend(DevServer::builder());
    let of = |name: &str| folder.path().join(name);
    let upload = client.documents().upload_folder(of("one")).and_files([of("one/a.md"), of("none.md")]);
    let (told, report) = run(upload.and_folder(of("two")).resume(true), folder.path()).await;
    // Whichever of the two is first.
    assert!(told["one/a.md"].contains("uploaded") && told["one/a.md"].contains("same content"), "{told:?}");
    assert!(told["none.md"].contains("No such file"), "{told:?}");
    assert_eq!((report.found, report.uploaded, report.skipped, report.failed), (5, 3, 1, 1));
    // What is there was listed once.
    let lists = server.request_log().iter().filter(|seen| seen.path == "/api/v1/documents").count();
    assert_eq!(lists, 1);
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again_and_what_stays_is_told() {
    let folder = many(3);
    let upload = |client: &Client| client.documents().upload_folder(folder.path()).concurrency(1);
    let busy = || Fault::status(503).on("UploadFile");
    let (_server, client) = backend(DevServer::builder().fault(busy().times(2)));
    let (_, report) = run(upload(&client), folder.path()).await;
    assert_eq!((report.uploaded, report.failed), (3, 0));
    let (_server, client) = backend(DevServer::builder().fault(busy().times(3)));
    let (_, report) = run(upload(&client), folder.path()).await;
    assert_eq!((report.uploaded, report.failed), (2, 1));
    let (_server, client) = backend(DevServer::builder().fault(busy().times(1)));
    let (_, report) = run(upload(&client).retries(0), folder.path()).await;
    assert_eq!((report.uploaded, report.failed), (2, 1));
    let (_server, client) = backend(DevServer::builder().fault(Fault::status(413).on("UploadFile").times(1)));
    let (_, report) = run(upload(&client), folder.path()).await;
    assert_eq!((report.uploaded, report.failed), (2, 1));

    // Taken, and the answer lost: the server knows it again.
    let lost = Fault::truncate(3).on("UploadFile").times(1);
    let (server, client) = backend(DevServer::builder().processing_delay(Duration::from_secs(9)).fault(lost));
    let (_, report) = run(upload(&client).wait(true), folder.path()).await;
    assert_eq!((report.uploaded, report.processed, server.stats().uploads), (3, 3, 3));
}

#[tokio::test]
async fn a_refused_credential_ends_the_run_and_the_rest_is_told_as_not_tried() {
    let folder = many(200);
    let server = DevServer::builder().start().await.unwrap();
    let client = Client::builder().base_url(server.url()).api_key("wrong").build().unwrap();
    for resume in [false, true] {
        let upload = client.documents().upload_folder(folder.path()).resume(resume).concurrency(2);
        let mut events = upload.events();
        let (mut kinds, mut last) = (Vec::new(), None);
        while let Some(event) = events.next().await {
            match event {
                FolderEvent::Failed { error, .. } | FolderEvent::NotListed { error, .. } => {
                    kinds.push(error.kind());
                }
                FolderEvent::Finished(report) => last = Some(report),
                _ => {}
            }
        }
        let report = last.unwrap();
        assert!(kinds.iter().all(|kind| matches!(kind, ErrorKind::Unauthorized { .. })), "{kinds:?}");
        assert!((1..=2).contains(&kinds.len()), "{kinds:?}");
        // What is there could not be listed, which is no failure of a file.
        assert_eq!((report.resume_failed, report.failed == 0), (resume, resume), "{report:?}");
        assert_eq!((report.found, report.not_tried), (200, 200 - report.failed), "{report:?}");
        assert!(!report.is_success());
    }
}

#[test]
fn without_a_runtime_it_says_so() {
    let folder = many(1);
    let (_server, client) = backend(DevServer::builder());
    let mut events = client.documents().upload_folder(folder.path()).events();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut next = || match std::pin::pin!(events.next()).poll(&mut cx) {
        std::task::Poll::Ready(event) => event,
        std::task::Poll::Pending => panic!("there is nothing to wait for"),
    };
    assert!(
        matches!(next(), Some(FolderEvent::Failed { error, .. }) if error.to_string().contains("runtime"))
    );
    assert!(matches!(next(), Some(FolderEvent::Finished(report)) if report.failed == 1 && report.found == 1));
    assert!(next().is_none());
}

#[test]
fn reasons_and_reports_are_told_in_a_few_words() {
    assert_eq!(SkipReason::SameContent.to_string(), "same content as another file");
    assert_eq!(FolderReport::default().to_string(), "0 found: 0 uploaded, 0 skipped, 0 failed");
}
