//! An API key from the environment, and from a `.env` file.
//!
//! This program runs itself a second time, with `EDGEQUAKE_API_KEY` in the environment, as your shell would:
//! `export EDGEQUAKE_API_KEY=...; your_program`.

use std::error::Error;

use edgequake_client::auth::{AuthContext, Chain, Credentials, DotEnv, Env, StaticKey};
use edgequake_client::types::api_keys::CreateApiKey;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::{Client, ErrorKind};
use edgequake_devserver::{CredentialKind, DevServer, Role};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("your_program") => your_program().await,
        _ => shell().await,
    }
}

/// All that a program needs. Variables: see `Client::from_env`.
async fn your_program() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let documents = client.documents().list(ListDocuments::new()).await?;
    println!("your program at {}: {} documents", client.base_url(), documents.total);
    Ok(())
}

/// What goes on around it: a server, and somebody who hands out a key.
async fn shell() -> Result<(), Box<dyn Error>> {
    let server =
        DevServer::builder().user("ada", "ada@example.com", "correct horse", Role::Admin).start().await?;
    let admin = Client::builder().base_url(server.url()).build()?.login("ada", "correct horse").await?;
    let key = admin.api_keys().create(CreateApiKey::new().name("Production Server")).await?.api_key;

    // 1. The environment.
    let status = tokio::process::Command::new(std::env::current_exe()?)
        .arg("your_program")
        // Whatever else your own shell says about a server is not about this one.
        .env_remove("EDGEQUAKE_TENANT_ID")
        .env_remove("EDGEQUAKE_WORKSPACE_ID")
        .env("EDGEQUAKE_BASE_URL", server.url())
        .env("EDGEQUAKE_API_KEY", key.expose())
        .status()
        .await?;
    assert!(status.success());
    let last = server.request_log().pop().ok_or("no request came")?;
    assert_eq!((last.credential, last.status.as_u16()), (CredentialKind::ApiKey, 200));

    // 2. A `.env` file, which the program names: no parent folder is searched, and nothing is written to the process
    //    environment. Keep it out of version control: `.env` belongs into `.gitignore`.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(".env");
    std::fs::write(&path, format!("# ours\nexport EDGEQUAKE_API_KEY='{}'\n", key.expose()))?;
    let file = DotEnv::load(&path).await?;
    println!("variables: {:?}", file.keys().collect::<Vec<_>>());
    let client = Client::builder().base_url(server.url()).dot_env(file.clone()).build()?;
    client.documents().list(ListDocuments::new()).await?;

    // 3. Several sources in one documented order: what the program was given, the environment, `.env`, a stored login.
    //    An empty variable counts as unset, so the next source has its turn.
    let empty = Env::with(|name| (name == "EDGEQUAKE_API_KEY").then(String::new));
    let chain = Chain::builder().dot_env(file.credentials()).environment(empty).build();
    chain.authorize(&AuthContext::new(server.url().parse()?)).await?;
    println!("chosen: {}", chain.chosen().unwrap_or("none"));
    assert_eq!(chain.chosen(), Some(".env"));

    // 4. Mistakes are told before anything is sent, by the name of the field and never with the key.
    let error = StaticKey::new("eq_zero\u{200b}width").err().ok_or("no header can carry this")?;
    println!("{error}");
    let error = Client::builder().base_url("http://eq.example.com").api_key("eq_key").build()?;
    let error = error.documents().list(ListDocuments::new()).await.err().ok_or("sent over plain http")?;
    println!("{error}");
    assert_eq!(error.kind(), ErrorKind::Insecure);

    server.shutdown().await;
    Ok(())
}
