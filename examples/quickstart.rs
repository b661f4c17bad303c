//! The main job, end to end: log in, make two workspaces, upload Markdown, wait, ask both, stream an answer.
//!
//! The server is started by this program; its tokens live for two seconds, so that you can see the session renewed.
//! Against a real server only the address and the password change.

use std::collections::HashSet;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::types::query::{Query, QueryEvent, StreamQuery};
use edgequake_client::types::workspaces::CreateWorkspace;
use edgequake_client::types::{DocumentId, TenantId};
use edgequake_devserver::{DevServer, Role};
use futures_util::future::try_join_all;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = DevServer::builder()
        .user("ada", "ada@example.com", "correct horse", Role::Admin)
        .token_lifetime(Duration::from_secs(2))
        // Longer than a token lives: nobody can wait for a document without a renewal.
        .processing_delay(Duration::from_millis(2500))
        .token_delay(Duration::from_millis(20))
        .start()
        .await?;

    // 1. Log in. The client that comes back renews its token by itself, for all its clones.
    let tenant = TenantId::server_default();
    let client = Client::builder().base_url(server.url()).tenant_id(&tenant).build()?;
    let client = client.login("ada@example.com", "correct horse").await?;
    println!("logged in at {}", client.base_url());

    // 2. Two workspaces, and a client for each. Both share the connections and the session of the first.
    let handbook = client.workspaces().create(CreateWorkspace::new(&tenant, "Handbook")).await?;
    let handbook = client.with_workspace(&handbook.id);
    let manuals = client.workspaces().create(CreateWorkspace::new(&tenant, "Manuals")).await?;
    let manuals = client.with_workspace(&manuals.id);

    // 3. Upload the Markdown files of this repository: its README to one workspace, all others to the other one.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = root.join("README.md");
    let mut others = markdown_files(&root)?;
    others.retain(|path| *path != readme);
    let bars = MultiProgress::new();
    let (in_handbook, in_manuals) =
        tokio::try_join!(upload(&handbook, &bars, vec![readme]), upload(&manuals, &bars, others))?;
    println!("processed {} + {} documents", in_handbook.len(), in_manuals.len());

    // 4. Ask both the same question. Each answers from its own documents.
    let question = "Which example shows the main job end to end?";
    for (name, workspace, own) in [("handbook", &handbook, &in_handbook), ("manuals", &manuals, &in_manuals)]
    {
        let answer = workspace.query().execute(Query::new(question)).await?;
        println!("\n{name}: {}", answer.answer);
        assert!(!answer.sources.is_empty(), "{name} found nothing");
        for source in answer.sources {
            println!("  - {}:{}", source.file_path.unwrap_or_default(), source.start_line.unwrap_or(0));
            assert!(source.document_id.is_some_and(|id| own.contains(&id)), "a foreign source");
        }
    }

    // 5. Stream an answer, token by token, with the statistics at its end.
    print!("\nstreamed: ");
    let mut events = handbook.query().stream(StreamQuery::new("How are secrets kept out of logs?")).await?;
    let mut finished = false;
    while let Some(event) = events.next().await {
        match event? {
            QueryEvent::Token { content, .. } => print!("{content}"),
            QueryEvent::Done { stats: Some(stats), .. } => {
                finished = true;
                println!("\n  {} sources", stats.sources_retrieved.unwrap_or(0));
            }
            _ => {}
        }
        std::io::stdout().flush()?;
    }
    assert!(finished, "the stream must end with statistics");

    // 6. No workspace sees the documents of the other one.
    for (workspace, own, foreign) in
        [(&handbook, &in_handbook, &in_manuals), (&manuals, &in_manuals, &in_handbook)]
    {
        let listed = workspace.documents().list(ListDocuments::new().page_size(100)).await?.documents;
        assert_eq!(listed.into_iter().map(|document| document.id).collect::<HashSet<_>>(), *own);
        for id in foreign {
            let refused = workspace.documents().get(id).await.err().ok_or("it can be read")?;
            assert!(refused.is_not_found(), "{refused}");
        }
    }
    println!("\nneither workspace sees the documents of the other one");

    // 7. All of it took longer than a token lives. How often was the session renewed, and how often did we log in?
    let session = client.session().ok_or("there is no session")?;
    session.logout().await.server?;
    println!("{} login, {} refreshes", session.logins(), session.refreshes());
    assert!(session.refreshes() >= 1);
    let stats = server.stats();
    assert_eq!((session.logins(), session.refreshes()), (stats.logins, stats.refreshes));
    server.shutdown().await;
    Ok(())
}

/// Uploads the files and waits until all are processed, with a bar for each. Gives the ids of the documents.
async fn upload(
    client: &Client,
    bars: &MultiProgress,
    files: Vec<PathBuf>,
) -> Result<HashSet<DocumentId>, Box<dyn Error>> {
    let style = ProgressStyle::with_template("{bar:30} {percent:>3}% {msg}")?;
    let processed = try_join_all(files.iter().map(async |path| {
        let bar = bars.add(ProgressBar::new(100).with_style(style.clone()));
        // The file is read while it is sent, and never held in memory as a whole.
        let uploaded = client.documents().upload_file(path).await?.await?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let moving = bar.clone();
        let wait = client.documents().wait_for(&uploaded).on_progress(move |progress| {
            moving.set_message(format!("{name} {}", progress.stage.as_deref().unwrap_or_default()));
            moving.set_position((progress.stage_progress.unwrap_or(0.0) * 100.0) as u64);
        });
        let document = wait.await?;
        bar.finish();
        Ok::<_, Box<dyn Error>>(document)
    }))
    .await?;
    assert!(
        processed.iter().all(|document| document.status.as_ref().is_some_and(|status| status.is_success()))
    );
    Ok(processed.into_iter().map(|document| document.id).collect())
}

/// All Markdown files below a folder, build output and hidden folders apart.
fn markdown_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(markdown_files(&path)?);
        } else if path.is_file() && name.ends_with(".md") {
            found.push(path);
        }
    }
    Ok(found)
}
