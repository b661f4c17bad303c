//! The leak grid: no secret in any output, and the harmless part next to it there.
//!
//! The server is scripted because it has to give secrets away, in bodies and headers of its answers; the dev server never shows one.

use std::sync::{Arc, Mutex};

use edgequake_auth::{SharedCredentials, StaticKey};
use edgequake_client::Client;
use edgequake_client::types::WorkspaceId;
use edgequake_client::types::documents::ListDocuments;

use crate::fronts::Wire;
use crate::log::Log;
use crate::server::{Act, Server, json};

const SECRETS: [&str; 5] = ["s3cr3t-k", "s3cr3t-p", "s3cr3t-a", "s3cr3t-r", "s3cr3t-q"];

fn assert_clean(text: &str, harmless: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains(harmless), "{harmless} not in {text}");
}

/// Every secret goes over the wire here, and everything that can fail does.
async fn eventful_session(client: Client) -> Vec<edgequake_client::Error> {
    let mut errors = Vec::new();
    let session = client.login("mona", "s3cr3t-p").await.unwrap();
    errors.extend(session.documents().list(ListDocuments::new().document_pattern("s3cr3t-q")).await.err());
    errors.extend(session.auth().me().await.err());
    errors.extend(session.auth().login("mona", "s3cr3t-p").await.err());
    errors.extend(client.documents().list(ListDocuments::new()).await.err());
    drop(session.logout().await);
    errors
}

async fn hostile() -> Server {
    Server::start(|_, request| match request.path() {
        "/api/v1/auth/login" | "/api/v1/auth/refresh" => Act::Send(json(
            200,
            r#"{"access_token":"s3cr3t-a","refresh_token":"s3cr3t-r","expires_in":3600}"#,
        )),
        "/api/v1/auth/me" => Act::Close,
        _ => Act::Send(json(401, r#"{"error":"unauthorized","message":"Authentication required"}"#)),
    })
    .await
}

/// In the environment of a child process, which runs the test below alone: a subscriber of one thread among others may miss events,
/// and is not that of the thread on which logins run.
const CHILD: &str = "EDGEQUAKE_TEST_LOGS";

#[tokio::test]
async fn logs_at_trace_show_operations_and_no_secret() {
    if std::env::var_os(CHILD).is_none() {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "secrets::logs_at_trace_show_operations_and_no_secret"]).env(CHILD, "1");
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = hostile().await;
    for wire in Wire::ALL {
        let front = wire.before(&server).await;
        let client = front.builder().api_key("s3cr3t-k").build().unwrap();
        let errors = eventful_session(client).await;
        assert!(errors.len() >= 3, "{errors:?}");
        let text = log.take();
        assert_clean(&text, "/api/v1/documents");
        assert!(text.contains("status=401"), "{text}");
    }
}

#[tokio::test]
async fn errors_and_their_causes_hold_no_secret() {
    let server = hostile().await;
    for wire in Wire::ALL {
        let front = wire.before(&server).await;
        let client = front.builder().api_key("s3cr3t-k").build().unwrap();
        let errors = eventful_session(client).await;
        assert_eq!(errors.len(), 3, "{wire:?}: {errors:?}");
        for error in errors {
            let text = format!("{error}\n{error:?}\n{error:#?}\n{}", crate::errors::chain(&error));
            assert_clean(&text, "/api/v1/");
        }
    }
}

#[tokio::test]
async fn debug_of_every_public_type_shows_the_place_and_no_secret() {
    let server = hostile().await;
    let builder = server.builder().api_key("s3cr3t-k");
    assert_clean(&format!("{builder:?}"), "127.0.0.1");
    let client = builder.workspace_id(WorkspaceId::server_default()).build().unwrap();
    let session = client.login("mona", "s3cr3t-p").await.unwrap();
    for client in [&client, &session] {
        assert_clean(&format!("{client:?} {client:#?}"), "127.0.0.1");
        assert_clean(&format!("{:?}", client.auth().login("mona", "s3cr3t-p")), "mona");
        assert_clean(&format!("{:?}", client.auth().refresh("s3cr3t-r")), "refresh_token");
        assert_clean(&format!("{:?}", client.documents()), "127.0.0.1");
        assert_clean(&format!("{:?}", client.base_url()), "127.0.0.1");
        assert_clean(
            &format!("{:?}", client.session_builder().login("mona", "s3cr3t-p").refresh_token("s3cr3t-r")),
            "127.0.0.1",
        );
    }
    assert_clean(&format!("{:?}", session.session()), "127.0.0.1");
    let credentials: SharedCredentials = StaticKey::new("s3cr3t-k").unwrap().into();
    assert_clean(&format!("{credentials:?}"), "StaticKey");
}

#[tokio::test]
async fn a_request_as_an_attempt_layer_sees_it_prints_no_secret() {
    let shown: Arc<Mutex<String>> = Arc::default();
    let write = Arc::clone(&shown);
    let server = hostile().await;
    let client = server
        .builder()
        .api_key("s3cr3t-k")
        .attempt_layer(tower::util::MapRequestLayer::new(move |request: http::Request<_>| {
            write.lock().unwrap().push_str(&format!("{request:?}"));
            request
        }))
        .build()
        .unwrap();
    client.documents().list(ListDocuments::new()).await.unwrap_err();
    assert_clean(&shown.lock().unwrap(), "Sensitive");
}
