//! Logins that survive the process: in files that only its owner can read, or in the keyring of the system with
//! `cargo run --example token_storage --features keyring`.

use std::error::Error;
use std::path::Path;

use edgequake_client::Client;
use edgequake_client::auth::{FileStore, MemoryStore, Removal, Revocation, ServerKey, TokenStore};
use edgequake_devserver::{DevServer, Role};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server =
        DevServer::builder().user("ada", "ada@example.com", "correct horse", Role::User).start().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("edgequake").join("logins");

    // The first run of a program: a password, and a store. The tokens are kept, the password is not.
    let first = Client::builder().base_url(server.url()).token_store(store(&path)).build()?;
    let first = first.login("ada", "correct horse").await?;
    println!("first run: logged in as {}", first.auth().me().await?.user.username);
    check(&path)?;
    drop(first);

    // The next run: no password, and no login. Any number of processes may share the store: one of them refreshes under a
    // lease, and the others use what it has stored.
    let second =
        Client::builder().base_url(server.url()).token_store(store(&path)).stored_login("ada").build()?;
    println!("second run: still {}", second.auth().me().await?.user.username);
    server.expire_access_tokens();
    second.auth().me().await?;
    assert_eq!((server.stats().logins, server.stats().refreshes), (1, 1));

    // A login belongs to the server that it came from.
    let elsewhere = ServerKey::from("https://other.example.com".parse::<edgequake_client::types::Origin>()?);
    assert!(store(&path).read(&elsewhere.account("ada")).await?.is_none());

    // Logging out revokes the session at the server and ends it in the store; each is tried, whatever becomes of the other, and
    // both outcomes are told.
    let outcome = second.logout().await.ok_or("there is no session")?;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Ended)),
        "{outcome:?}"
    );
    let session = second.session().ok_or("there is no session")?;
    let stored =
        store(&path).read(&session.server().account("ada")).await?.ok_or("what ended stays readable")?;
    assert!(stored.record.tokens().is_none());
    let error = second.auth().me().await.err().ok_or("the session is over")?;
    println!("after logout: {error}");
    assert!(error.is_unauthorized());

    // Tests and short-lived programs keep logins in memory.
    let forgetful = Client::builder().base_url(server.url()).token_store(MemoryStore::new()).build()?;
    forgetful.login("ada", "correct horse").await?.auth().me().await?;
    server.shutdown().await;
    Ok(())
}

/// Files, as on a server.
#[cfg(not(feature = "keyring"))]
fn store(path: &Path) -> FileStore {
    FileStore::new(path)
}

/// The keyring of the system, or a file where there is none (a container, a session over SSH).
#[cfg(feature = "keyring")]
fn store(path: &Path) -> edgequake_auth::FallbackStore<edgequake_auth::KeyringStore, FileStore> {
    edgequake_auth::FallbackStore::new(
        edgequake_auth::KeyringStore::new(path.join("keyring")),
        FileStore::new(path),
    )
}

/// What is in the files: tokens in clear text, no password, and nobody else may read them.
#[cfg(all(unix, not(feature = "keyring")))]
fn check(path: &Path) -> Result<(), Box<dyn Error>> {
    use std::os::unix::fs::PermissionsExt;
    let login = std::fs::read_dir(path)?.next().ok_or("one folder for each login")??.path();
    for file in std::fs::read_dir(login)? {
        let file = file?;
        let kept = std::fs::read_to_string(file.path())?;
        assert!(!kept.contains("correct horse"));
        assert_eq!(file.metadata()?.permissions().mode() & 0o777, 0o600);
    }
    Ok(())
}

/// Keyrings and folders of other systems guard themselves.
#[cfg(not(all(unix, not(feature = "keyring"))))]
fn check(_: &Path) -> Result<(), Box<dyn Error>> {
    Ok(())
}
