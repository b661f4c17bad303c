//! A folder of thousands of files, taken up again and again: each file once, few connections, and little of it in memory at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::folder::{FolderEvent, FolderReport};
use edgequake_client::types::documents::ListDocuments;
use edgequake_devserver::DevServer;

use crate::dev;
use crate::folder::{in_workspace, many};

/// How many files are uploaded at a time.
const CONCURRENCY: u64 = 4;

/// The maximum number of files that are found and whose end is not told yet, however many there are.
const UNDER_WAY: u64 = 64;

/// What a run is seen to do.
#[derive(Debug, Default)]
struct Seen {
    found: u64,
    uploaded: u64,
    skipped: u64,
    /// The most that were found and had no end.
    under_way: u64,
    /// The most connections at a time.
    open: u64,
    report: Option<FolderReport>,
}

/// Uploads a folder until so many files of it are uploaded, and drops the run then.
async fn run(client: &Client, folder: &std::path::Path, stop_after: u64) -> Seen {
    let upload = client.documents().upload_folder(folder).concurrency(CONCURRENCY as usize).resume(true);
    let mut events = upload.events();
    let mut seen = Seen::default();
    while seen.uploaded < stop_after {
        match events.next().await {
            Some(FolderEvent::Found { .. }) => seen.found += 1,
            Some(FolderEvent::Uploaded { .. }) => seen.uploaded += 1,
            Some(FolderEvent::Skipped { .. }) => seen.skipped += 1,
            Some(FolderEvent::Finished(report)) => seen.report = Some(report),
            Some(FolderEvent::Failed { error, .. }) => panic!("{error:?}"),
            Some(_) => {}
            None => break,
        }
        seen.under_way = seen.under_way.max(seen.found - seen.uploaded - seen.skipped);
        seen.open = seen.open.max(client.stats().unwrap().open);
    }
    seen
}

/// Uploads so many files and is interrupted each time so many of them are uploaded.
async fn interrupted(files: u64, stops: [u64; 2]) {
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    // Processed in an hour: what is sent again is known by the server, and would be seen here.
    let server = DevServer::builder().auth(false).processing_delay(Duration::from_secs(3600)).on_request(
        move |seen| {
            if seen.operation.as_deref() == Some("/api/v1/documents/upload") {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        },
    );
    let server = server.start().await.unwrap();
    let client = in_workspace(&dev::client(&server));
    let folder = many(files as usize);
    let mut runs = Vec::new();
    for stop_after in stops {
        runs.push(run(&client, folder.path(), stop_after).await);
    }
    runs.push(run(&client, folder.path(), u64::MAX).await);
    for seen in &runs {
        assert!(seen.under_way <= UNDER_WAY, "{seen:?}");
        // One more for the list of what is there.
        assert!(seen.open <= CONCURRENCY + 1, "{seen:?}");
    }
    let before: u64 = runs.iter().take(2).map(|seen| seen.uploaded).sum();
    let last = runs.pop().unwrap();
    let report = last.report.unwrap();
    assert_eq!((report.found, report.failed, last.found), (files, 0, files), "{report:?}");
    assert_eq!((report.uploaded, report.already_there), (last.uploaded, last.skipped), "{report:?}");
    assert_eq!(report.uploaded + report.already_there, files, "{report:?}");
    assert!(before > 0 && report.already_there >= before, "{report:?}");
    assert_eq!(server.stats().uploads, files, "a document was stored twice");
    let list = client.documents().list(ListDocuments::new().page_size(1)).await.unwrap();
    assert_eq!(list.total, files);
    // Those that were under way when it was interrupted may have been sent again.
    assert!(sent.load(Ordering::Relaxed) <= files + 2 * CONCURRENCY, "{sent:?}");
    let stats = client.stats().unwrap();
    assert!(stats.opened <= CONCURRENCY + 1 + 2 * CONCURRENCY, "{stats:?}");
}

#[tokio::test]
async fn thousands_of_files_are_taken_once_each_however_often_it_is_interrupted() {
    interrupted(3_000, [500, 900]).await;
}

#[tokio::test]
#[ignore = "takes half a minute: cargo xtask folder"]
async fn ten_thousand_files_are_taken_as_three_thousand_are() {
    interrupted(10_000, [2_000, 4_000]).await;
}
