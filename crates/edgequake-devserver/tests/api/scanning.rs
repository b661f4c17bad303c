//! Ingesting the files of a directory of the server.

use std::path::PathBuf;

use edgequake_devserver::{DevServer, StartError};
use edgequake_types::documents::{GetTrack, ListDocuments, ScanDirectory};

use crate::documents::default_workspace;
use crate::support::{Api, READER, with_users};

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn with(files: &[(&str, &[u8])]) -> Self {
        let path = std::env::temp_dir().join(format!("edgequake-scanning-{}", uuid::Uuid::new_v4()));
        for (file, content) in files {
            let file = path.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
        Self(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const FILES: &[(&str, &[u8])] = &[
    ("a.md", b"# Bridge"),
    ("b.txt", b"text"),
    ("blank.txt", b"  "),
    ("c.pdf", b"text"),
    ("latin.txt", b"\xe4"),
    ("more/d.MD", b"more"),
];

/// The answer in brief, with paths below the folder.
fn brief(folder: &Folder, scanned: &edgequake_types::documents::ScannedDirectory) -> String {
    let mut lines =
        vec![format!("{} {} {}", scanned.files_found, scanned.files_queued, scanned.files_skipped)];
    lines.extend(scanned.queued_files.clone());
    let skipped = scanned.skipped_files.iter();
    lines.extend(skipped.map(|file| format!("- {} {}", file.path, file.reason.as_deref().unwrap_or("?"))));
    lines.join("\n").replace(&folder.path(""), "").replace('\\', "/")
}

#[tokio::test]
async fn the_files_below_a_root_are_ingested() {
    let folder = Folder::with(FILES);
    let (_server, api) = default_workspace(with_users().scan_root(&folder.0)).await;
    let scan = ScanDirectory::new(folder.path("")).async_processing(false).track_id("mine");
    let answer = api.send(&scan).await;
    assert_eq!(answer.status, 200);
    let scanned = answer.model::<ScanDirectory>();
    insta::assert_snapshot!(brief(&folder, &scanned), @r"
    6 3 3
    a.md
    b.txt
    more/d.MD
    - c.pdf files of this type are not supported
    - blank.txt content must not be blank
    - latin.txt The file is not UTF-8 text
    ");
    assert_eq!(scanned.track_id.as_str(), "mine");
    let track = api.ok(&GetTrack::new("mine")).await;
    // They were processed within the request.
    assert_eq!((track.total_count, track.status_summary.completed), (3, 3));
    let mut titles: Vec<_> = track.documents.into_iter().filter_map(|document| document.file_name).collect();
    titles.sort();
    assert_eq!(titles, ["a.md", "b.txt", "d.MD"]);

    let scan = ScanDirectory::new(folder.path("")).recursive(false).max_files(1).extensions([".TXT", "md"]);
    let scanned = api.ok(&scan).await;
    insta::assert_snapshot!(brief(&folder, &scanned), @r"
    5 1 4
    a.md
    - b.txt max_files is reached
    - blank.txt max_files is reached
    - c.pdf files of this type are not supported
    - latin.txt max_files is reached
    ");
    assert!(scanned.track_id.as_str().starts_with("upload_"));
    let scanned = api.ok(&ScanDirectory::new(folder.path("more")).extensions(["txt"])).await;
    assert_eq!((scanned.files_found, scanned.files_skipped), (1, 1));
}

#[tokio::test]
async fn nothing_else_is_scanned() {
    let (inside, outside) = (Folder::with(FILES), Folder::with(FILES));
    let (server, api) = default_workspace(with_users().scan_root(&inside.0)).await;
    for (path, cause) in [
        (outside.path(""), "403 FORBIDDEN scan_path_not_allowed"),
        (outside.path("nowhere"), "403 FORBIDDEN scan_path_not_allowed"),
        (inside.path(".."), "403 FORBIDDEN scan_path_not_allowed"),
        ("/etc".to_owned(), "403 FORBIDDEN scan_path_not_allowed"),
        (inside.path("nowhere"), "404 NOT_FOUND"),
        (inside.path("a.md"), "404 NOT_FOUND"),
        (" ".to_owned(), "400 BAD_REQUEST"),
    ] {
        let answer = api.send(&ScanDirectory::new(path.as_str())).await;
        assert!(answer.cause().starts_with(cause), "{path}: {}", answer.cause());
    }
    assert_eq!(api.post("/api/v1/documents/scan", "{}").await.status, 422);
    let reader = Api::new(&server).logged_in(READER).await.in_default();
    assert_eq!(reader.send(&ScanDirectory::new(inside.path(""))).await.status, 403);
    assert_eq!(api.ok(&ListDocuments::new()).await.total, 0);

    // Without a root there is no scan at all.
    let (_server, api) = default_workspace(with_users()).await;
    let answer = api.send(&ScanDirectory::new(inside.path(""))).await;
    assert_eq!(answer.cause(), "403 FORBIDDEN scan_path_not_allowed");
    let refused = DevServer::builder().scan_root(inside.path("nowhere")).build().unwrap_err();
    assert!(matches!(refused, StartError::ScanRoot { .. }));
    assert_eq!(
        refused.to_string(),
        format!("the folder {} cannot be scanned; is it there?", inside.path("nowhere"))
    );
}
