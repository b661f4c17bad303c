use std::path::{Path, PathBuf};

use edgequake_client::types::documents::Document;
use edgequake_client::{Client, Error};
use futures_util::{StreamExt, stream};

/// Uploads a file, waits until it has been processed, and reports its progress.
async fn ingest(client: &Client, path: &Path) -> Result<Document, Error> {
    let documents = client.documents();
    let uploaded = documents.upload_file(path).await?;
    let name = path.display().to_string();
    let wait = documents.wait_for(&uploaded).on_progress(move |progress| {
        let done = progress.fraction.unwrap_or(0.0) * 100.0;
        println!("{name}: {} {done:.0} %", progress.stage.as_deref().unwrap_or("waiting"));
    });
    wait.await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir("notes")? {
        let path = entry?.path();
        if path.is_file() {
            paths.push(path);
        }
    }

    // Eight at a time. One that fails does not stop the others.
    let ingesting = paths.iter().map(async |path| (path, ingest(&client, path).await));
    let mut ingesting = stream::iter(ingesting).buffer_unordered(8);
    let mut failed = 0;
    while let Some((path, result)) = ingesting.next().await {
        match result {
            Ok(document) => println!("{}: {} chunks", path.display(), document.chunk_count),
            Err(error) => {
                failed += 1;
                eprintln!("{}: {error}", path.display());
            }
        }
    }
    if failed > 0 { Err(format!("{failed} of {} files failed", paths.len()).into()) } else { Ok(()) }
}
