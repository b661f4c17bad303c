//! The main job, end to end: log in, make a second workspace, upload texts to both, wait, ask, stream an answer.
//!
//! The server is started by this program and behaves as the newest ones do; its tokens live for a second, so that you can
//! see the login renewed. Against a real server only the address and the password change.

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::types::api_keys::{CreateApiKey, KeyScope};
use edgequake_client::types::documents::Document;
use edgequake_client::types::query::{Query, QueryEvent, Source, StreamQuery};
use edgequake_client::types::tenants::ListTenants;
use edgequake_client::types::workspaces::CreateWorkspace;
use edgequake_devserver::{DevServer, Role};
use edgequake_quickstart::{Renewals, Screen};
use futures_util::future::try_join_all;
use http::StatusCode;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let server = DevServer::builder()
        .user("ada", "ada@example.com", "correct horse", Role::Admin)
        .strict_scope(true)
        .token_lifetime(Duration::from_secs(1))
        // Longer than a token lives: nobody can wait for a document without a renewal.
        .processing_delay(Duration::from_millis(2500))
        .token_delay(Duration::from_millis(20))
        .start()
        .await?;
    let outcome = tour(server.url(), "ada@example.com", "correct horse").await;
    server.shutdown().await;
    match outcome {
        // Whoever reads the output has seen enough.
        Err(error) if is_broken_pipe(&*error) => Ok(()),
        outcome => outcome,
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The whole job, on the server at this address. It takes away again what it makes there.
async fn tour(address: &str, user: &str, password: &str) -> Result<()> {
    let screen = Screen::default();

    screen.heading("1. Log in")?;
    // The client that comes back renews its token by itself, for all its clones.
    let renewals = Renewals::new(&screen);
    let client = Client::builder().base_url(address).attempt_layer(renewals.layer()).build()?;
    let client = client.login(user, password).await?;
    let session = client.session().ok_or("there is no session")?.clone();
    renewals.watch(&session);
    let lifetime = session.expires_in().unwrap_or_default().as_secs_f64();
    screen.text(&format!("{user} is logged in at {address}."))?;
    screen.text(&format!("A token lives for {lifetime:.0} s; the client renews it by itself."))?;

    screen.heading("2. Make a second workspace")?;
    // The newest servers bind a login to one workspace. Any other is reached by an API key.
    let tenants = client.tenants().list(ListTenants::new()).await?.items;
    let tenant = &tenants.first().ok_or("the login belongs to no tenant")?.id;
    let workspace = client.workspaces().create(CreateWorkspace::new(tenant, "Tram depot")).await?;
    let scopes = [KeyScope::Read, KeyScope::Query, KeyScope::Write];
    let key = client.api_keys().create(CreateApiKey::new().name("Quickstart").scopes(scopes)).await?;
    let by_key = Client::builder().base_url(address).api_key(key.api_key).tenant_id(tenant);
    let by_key = by_key.workspace_id(&workspace.id).build()?;
    screen.text("Passengers: the workspace that the login is bound to")?;
    screen.text(&format!("Depot: a new one, reached by the API key {}...", key.prefix))?;

    screen.heading("3. Upload a folder to each, and wait until every text has been processed")?;
    let (passengers, depot) = tokio::try_join!(
        Workspace::upload(&screen, "Passengers", &client, "passengers"),
        Workspace::upload(&screen, "Depot", &by_key, "depot"),
    )?;
    for workspace in [&passengers, &depot] {
        for document in &workspace.documents {
            let file = document.file_name.as_deref().unwrap_or_default();
            screen.text(&format!("{:<12} {file:<20} {} chunks", workspace.name, document.chunk_count))?;
        }
    }

    screen.heading("4. Ask")?;
    passengers.ask("When does the last tram leave the harbour on Saturdays?").await?;
    depot.ask("How often are the wheels inspected?").await?;
    passengers.ask("What happens when it snows?").await?;
    depot.ask("What happens when it snows?").await?;

    screen.heading("5. Stream an answer, word by word")?;
    passengers.ask_streaming("Where is a day ticket sold?").await?;

    screen.heading("6. Ask for what only the other workspace has been told")?;
    passengers.ask("Where are spare pantographs kept?").await?;
    depot.ask("Where is a day ticket sold?").await?;

    screen.heading("7. What would have failed without renewals")?;
    screen.text(&format!("Logins: {}. Renewals: {}.", session.logins(), session.refreshes()))?;
    if let Some(token) = renewals.replaced_token() {
        // Given as a key, it is a token that nobody renews.
        let client = Client::builder().base_url(address).api_key(token).build()?;
        let status = client.auth().me().await.map_or_else(|error| error.status(), |_| Some(StatusCode::OK));
        screen.text(&format!("The token of the login, sent by hand now: {}", status.ok_or("no answer")?))?;
    }

    // What was made is taken away, in case the server is one that stays.
    for document in &passengers.documents {
        client.documents().delete(&document.id).await?;
    }
    by_key.workspaces().delete(&workspace.id).await?;
    client.api_keys().revoke(key.key_id).await?;
    assert!(session.logout().await.is_complete());

    screen.heading("Go on")?;
    screen.text("Your server:  its address and your password, in examples/quickstart/main.rs")?;
    screen.text("Your program: the section Use it in README.md")?;
    screen.text("Other tasks:  examples/README.md; cargo run --example auto_refresh")?;
    Ok(())
}

/// A workspace, and what was uploaded to it.
struct Workspace<'a> {
    screen: &'a Screen,
    name: &'a str,
    client: &'a Client,
    documents: Vec<Document>,
}

impl<'a> Workspace<'a> {
    /// Uploads the files of a folder at once, with a bar for each, and waits until all have been processed.
    async fn upload(screen: &'a Screen, name: &'a str, client: &'a Client, folder: &str) -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
        let mut files =
            std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.sort();
        let uploads = files.iter().map(async |file| {
            let bar = screen.bar(&file.file_name().unwrap_or_default().to_string_lossy());
            // The file is read while it is sent, and never held in memory as a whole.
            let uploaded = client.documents().upload_file(file).await?;
            let moving = bar.clone();
            let wait = client.documents().wait_for(&uploaded).poll_interval(Duration::from_millis(200));
            let document = wait.on_progress(move |progress| moving.show(progress)).await?;
            bar.finish();
            Ok::<_, Box<dyn Error>>(document)
        });
        Ok(Self { screen, name, client, documents: try_join_all(uploads).await? })
    }

    /// Asks a question, and prints it with the answer and the sources that the answer cites.
    async fn ask(&self, question: &str) -> Result<()> {
        self.screen.text(&format!("{} > {question}", self.name))?;
        let answer = self.client.query().execute(Query::new(question)).await?;
        self.screen.detail(&answer.answer)?;
        self.print_sources(&answer.answer, &answer.sources)
    }

    /// The same, but prints the answer while it is written.
    async fn ask_streaming(&self, question: &str) -> Result<()> {
        self.screen.text(&format!("{} > {question}", self.name))?;
        let mut events = self.client.query().stream(StreamQuery::new(question)).await?;
        let (mut answer, mut found) = (String::new(), Vec::new());
        let mut printed = self.screen.pieces();
        while let Some(event) = events.next().await {
            match event? {
                QueryEvent::Context { sources, .. } => found = sources,
                QueryEvent::Token { content, .. } => {
                    printed.push(&content)?;
                    answer.push_str(&content);
                }
                _ => {}
            }
        }
        printed.finish()?;
        self.print_sources(&answer, &found)
    }

    fn print_sources(&self, answer: &str, sources: &[Source]) -> Result<()> {
        for (number, source) in (1..).zip(sources) {
            if !self.documents.iter().any(|document| Some(&document.id) == source.document_id.as_ref()) {
                return Err(format!("{} sees a text of another workspace", self.name).into());
            }
            let mark = format!("[{number}]");
            if answer.contains(&mark) {
                let file = source.file_path.as_deref().unwrap_or("unknown");
                let lines = source.start_line.unwrap_or(0)..=source.end_line.unwrap_or(0);
                self.screen.detail(&format!("{mark} {file}, lines {} to {}", lines.start(), lines.end()))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
