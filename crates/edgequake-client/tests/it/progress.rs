//! What waiting for a document tells on the way: by the dev server, which tells what the servers of each era tell.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::resources::Progress;
use edgequake_client::types::documents::UploadText;
use edgequake_devserver::{DevServer, Era};

/// Everything that is told while a document of four chunks is processed for 100 seconds.
async fn told(era: Era) -> Vec<Progress> {
    let server = DevServer::builder().auth(false).era(era).processing_delay(Duration::from_secs(100));
    let server = server.build().unwrap();
    // In the same process, so that time passes only while nobody has anything to do.
    let client = Client::builder().build_on(server.service()).unwrap();
    let text =
        ["One", "Two", "Three", "Four"].map(|name| format!("# {name}\n\nA line of its own.\n\n")).concat();
    let uploaded = client.documents().upload_text(UploadText::new(text)).await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let wait = client.documents().wait_for(&uploaded).poll_interval(Duration::from_secs(5));
    let document =
        wait.on_progress(move |progress| tell.lock().unwrap().push(progress.clone())).await.unwrap();
    assert_eq!(document.chunk_count, 4);
    assert!(told.lock().unwrap().iter().all(|progress| progress.document_id.as_ref() == Some(&document.id)));
    Arc::into_inner(told).unwrap().into_inner().unwrap()
}

/// Stage, percentage, chunks and seconds left, without repetitions.
fn lines(told: &[Progress]) -> Vec<String> {
    let mut lines = Vec::new();
    for progress in told {
        let stage = progress.stage.as_deref().unwrap_or("-");
        let percent =
            progress.fraction.map_or_else(String::new, |fraction| format!(" {:.0} %", fraction * 100.0));
        let counts = progress.counts.as_ref();
        let counts =
            counts.map_or_else(String::new, |counts| format!(" {}/{}", counts.current, counts.total));
        let eta = progress.eta.map_or_else(String::new, |eta| format!(" {} s left", eta.as_secs()));
        lines.push(format!("{stage}{percent}{counts}{eta}"));
    }
    lines.dedup();
    lines
}

#[tokio::test(start_paused = true)]
async fn stages_percentages_and_chunks_are_told() {
    insta::assert_snapshot!(lines(&told(Era::C).await).join("\n"), @"
    - 100 s left
    preprocessing 0 %
    chunking 20 %
    extracting 40 % 0/4 60 s left
    extracting 45 % 1/4 55 s left
    extracting 50 % 2/4 50 s left
    extracting 55 % 3/4 45 s left
    embedding 60 %
    storing 80 %
    completed 100 %
    ");
    insta::assert_snapshot!(lines(&told(Era::B).await).join("\n"), @"
    -
    preprocessing 0 %
    chunking 20 %
    extracting 40 %
    extracting 45 %
    extracting 50 %
    extracting 55 %
    embedding 60 %
    storing 80 %
    - 100 %
    ");
}
