//! A folder into a workspace, and once more: the second run uploads only what is new.

use std::error::Error;
use std::path::Path;

use edgequake_client::Client;
use edgequake_client::folder::{FolderEvent, FolderReport};
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_devserver::DevServer;

/// Uploads what the workspace does not hold yet, waits until it is processed, and prints what becomes of each file.
async fn synchronize(client: &Client, folder: &Path) -> Result<FolderReport, Box<dyn Error>> {
    let mut events =
        client.documents().upload_folder(folder).exclude("drafts/").resume(true).wait(true).events();
    while let Some(event) = events.next().await {
        match event {
            FolderEvent::Skipped { path, reason, .. } => println!("- {}: {reason}", below(&path, folder)),
            FolderEvent::Uploaded { path, .. } => println!("+ {}", below(&path, folder)),
            FolderEvent::Processed { path, document, .. } => {
                println!("  {}: {} chunks", below(&path, folder), document.chunk_count);
            }
            FolderEvent::Failed { path, error, .. } => eprintln!("! {}: {error}", below(&path, folder)),
            FolderEvent::ProcessingFailed { path, error, .. } => {
                eprintln!("! {}: {error}", below(&path, folder))
            }
            FolderEvent::NotListed { error, .. } => eprintln!("! what is there cannot be listed: {error}"),
            FolderEvent::Finished(report) => {
                println!("{report}\n");
                return Ok(report);
            }
            _ => {}
        }
    }
    Err("the run ended without a report".into())
}

fn below(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, text)
    };
    write("north.md", "# North\n\nThe northern bridge opened in 1931.\n")?;
    write("south/notes.md", "# South\n\nThe southern bridge opened in 1977.\n")?;
    write("south/copy.md", "# South\n\nThe southern bridge opened in 1977.\n")?;
    write("drafts/east.md", "# East\n\nNot yet.\n")?;
    write("build/out.md", "Made by a program.\n")?;
    write(".gitignore", "build/\n")?;

    let server = DevServer::builder().auth(false).start().await?;
    // Some servers list nothing for requests that name no workspace, and then nothing would be known to be there.
    let client = Client::builder()
        .base_url(server.url())
        .tenant_id(TenantId::server_default())
        .workspace_id(WorkspaceId::server_default())
        .build()?;

    // What is ignored or left out is not found, and of two files with one content one is uploaded.
    let first = synchronize(&client, folder.path()).await?;
    assert_eq!((first.found, first.uploaded, first.skipped, first.processed), (3, 2, 1, 2));

    // One file is new, and one has changed.
    write("west.md", "# West\n\nThe western bridge opened in 2004.\n")?;
    write("north.md", "# North\n\nThe northern bridge opened in 1932.\n")?;
    let second = synchronize(&client, folder.path()).await?;
    assert_eq!((second.found, second.uploaded, second.already_there), (4, 2, 2));
    assert!(second.is_success());

    server.shutdown().await;
    Ok(())
}
