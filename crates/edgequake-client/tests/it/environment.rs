//! What a client takes from the environment and a `.env` file, and which source wins. Each case is a process of its own, because the
//! environment of this one is left alone.

use std::ffi::OsStr;
use std::process::Command;

use edgequake_auth::DotEnv;
use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;

use crate::memory::{Memory, answer};

/// Set in a process that is a case: what its `.env` file says.
const FILE: &str = "EDGEQUAKE_CLIENT_TEST_DOT_ENV";
/// The key that its builder is given, if any.
const EXPLICIT: &str = "EDGEQUAKE_CLIENT_TEST_KEY";

/// Set where there is a token store, which holds a login of `mona`.
const STORE: &str = "EDGEQUAKE_CLIENT_TEST_STORE";

/// Prints what goes over the wire. Does nothing in an ordinary test run.
#[tokio::test]
async fn child_shows_what_it_sends() {
    let Ok(file) = std::env::var(FILE) else { return };
    let transport = Memory::new(|_| {
        answer(200, &[], r#"{"documents":[],"access_token":"stored","refresh_token":"r","expires_in":3600}"#)
    });
    let mut builder = Client::builder().env().dot_env(DotEnv::parse(".env", &file).unwrap());
    if let Ok(key) = std::env::var(EXPLICIT) {
        builder = builder.api_key(key);
    }
    if std::env::var(STORE).is_ok() {
        let store = edgequake_auth::MemoryStore::new();
        let first = Client::builder().base_url("http://localhost:8080").token_store(store.clone());
        let first = first.build_on(transport.clone()).unwrap().login("mona", "pw").await.unwrap();
        assert!(first.settle(std::time::Duration::from_secs(10)).await);
        builder = builder.token_store(store);
    }
    match builder.build_on(transport.clone()) {
        Err(error) => println!("<{}>", crate::errors::chain(&error).replace('\n', ": ")),
        Ok(client) => {
            client.documents().list(ListDocuments::new()).await.unwrap();
            let attempts = transport.attempts();
            let headers = &attempts.last().unwrap().headers;
            let shown = |name| headers.get(name).map_or("-", |value| value.to_str().unwrap());
            println!("<{} {} {}>", client.base_url(), shown("authorization"), shown("x-workspace-id"));
        }
    }
}

/// What a process with these variables, this file and this key of its builder shows.
fn shown<V: AsRef<OsStr> + Copy>(variables: &[(&str, V)], file: &str, explicit: Option<&str>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["environment::child_shows_what_it_sends", "--exact", "--nocapture"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EDGEQUAKE_")) {
        command.env_remove(name);
    }
    command.env(FILE, file).envs(variables.iter().copied()).envs(explicit.map(|key| (EXPLICIT, key)));
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, rest) = text.split_once('<').unwrap_or_else(|| panic!("{text}"));
    rest.split_once('>').unwrap().0.to_owned()
}

#[test]
fn explicit_before_environment_before_file_before_nothing() {
    const ENV: &[(&str, &str)] = &[("EDGEQUAKE_API_KEY", "envk")];
    const EMPTY: &[(&str, &str)] = &[("EDGEQUAKE_API_KEY", "")];
    for (variables, file, explicit, key) in [
        (ENV, "EDGEQUAKE_API_KEY=filek\n", Some("statk"), "Bearer statk"),
        (ENV, "EDGEQUAKE_API_KEY=filek\n", None, "Bearer envk"),
        (ENV, "", Some("statk"), "Bearer statk"),
        (ENV, "", None, "Bearer envk"),
        (&[], "EDGEQUAKE_API_KEY=filek\n", Some("statk"), "Bearer statk"),
        (&[], "EDGEQUAKE_API_KEY=filek\n", None, "Bearer filek"),
        (&[], "", Some("statk"), "Bearer statk"),
        (&[], "", None, "-"),
        // Empty is unset.
        (EMPTY, "EDGEQUAKE_API_KEY=filek\n", None, "Bearer filek"),
        (EMPTY, "EDGEQUAKE_API_KEY=\n", None, "-"),
    ] {
        let expected = format!("http://localhost:8080 {key} -");
        assert_eq!(shown(variables, file, explicit), expected, "{variables:?} {file:?} {explicit:?}");
    }
}

#[test]
fn a_name_without_a_password_goes_on_with_its_stored_login() {
    const MONA: (&str, &str) = ("EDGEQUAKE_USERNAME", "mona");
    const STORED: (&str, &str) = (STORE, "1");
    for (variables, file, token) in [
        (&[MONA, STORED][..], "", "Bearer stored"),
        (&[("EDGEQUAKE_EMAIL", "mona"), STORED], "", "Bearer stored"),
        (&[STORED], "EDGEQUAKE_USERNAME=mona\n", "Bearer stored"),
        (&[MONA, STORED], "EDGEQUAKE_API_KEY=filek\n", "Bearer filek"),
        (&[STORED], "", "-"),
        (&[MONA], "", "-"),
    ] {
        let expected = format!("http://localhost:8080 {token} -");
        assert_eq!(shown(variables, file, None), expected, "{variables:?} {file:?}");
    }
}

#[test]
fn address_and_scope_come_from_the_same_places() {
    let file = "\u{FEFF}EDGEQUAKE_BASE_URL=http://127.0.0.1:1/eq/\nEDGEQUAKE_WORKSPACE_ID=default\nEDGEQUAKE_API_KEY=\"ab #cd\"\n";
    insta::assert_snapshot!(shown::<&str>(&[], &file.replace(" #cd", "#cd"), None), @"http://127.0.0.1:1/eq Bearer ab#cd default");
    let variables = [
        ("EDGEQUAKE_BASE_URL", "https://eq.example.com"),
        ("EDGEQUAKE_WORKSPACE_ID", "7B0E2B52-6A53-4B0C-9B43-0F6B6A1D9F21"),
        ("EDGEQUAKE_API_KEY", "  Bearer k1\n"),
    ];
    insta::assert_snapshot!(
        shown(&variables, file, None),
        @"https://eq.example.com Bearer k1 7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21"
    );
}

#[test]
fn what_cannot_be_used_is_named_and_stops() {
    for (name, value) in [
        ("EDGEQUAKE_WORKSPACE_ID", "workspace-123"),
        ("EDGEQUAKE_ALLOW_HTTP", "perhaps"),
        ("EDGEQUAKE_API_KEY", "s3cr3t\u{200b}"),
        ("EDGEQUAKE_BASE_URL", "http://u:s3cr3t@h"),
    ] {
        let text = shown(&[(name, value)], "EDGEQUAKE_API_KEY=filek\n", None);
        assert!(text.starts_with("the client is misconfigured"), "{name}: {text}");
        assert!(!text.contains("s3cr3t"), "{text}");
        let named = if name == "EDGEQUAKE_BASE_URL" { "the base URL" } else { name };
        assert!(text.contains(named), "{name}: {text}");
    }
}

#[test]
#[cfg(unix)]
fn what_is_not_utf8_is_named_and_stops() {
    use std::os::unix::ffi::OsStrExt as _;
    let value = OsStr::from_bytes(b"s3cr3t\xff");
    for name in [
        "EDGEQUAKE_BASE_URL",
        "EDGEQUAKE_TENANT_ID",
        "EDGEQUAKE_WORKSPACE_ID",
        "EDGEQUAKE_USER_ID",
        "EDGEQUAKE_ALLOW_HTTP",
        "EDGEQUAKE_API_KEY",
        "EDGEQUAKE_USERNAME",
        "EDGEQUAKE_EMAIL",
        "EDGEQUAKE_PASSWORD",
    ] {
        let text = shown(&[(name, value)], "EDGEQUAKE_API_KEY=filek\n", None);
        assert_eq!(
            text,
            format!("the client is misconfigured: {name} is not valid UTF-8; set it again"),
            "{name}"
        );
    }
}
