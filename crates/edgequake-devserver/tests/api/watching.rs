//! The ledger of sessions, the recorder of requests, and the clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_devserver::{Fault, RecordedBody, SessionEvent};
use edgequake_types::documents::UploadFile;
use edgequake_types::session::{Login, Logout, Me, Refresh};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Api, PASSWORD, USER, with_users};

#[tokio::test]
async fn the_ledger_proves_why_each_session_was_lost() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let (one, two) = (api.with("user-agent", "one"), api.with("user-agent", "two"));
    // One process refreshes, the other still has the old token.
    let shared = one.login(USER).await;
    let first = shared.refresh_token.clone().unwrap();
    let second = one.ok(&Refresh::new(first.clone())).await.refresh_token.unwrap();
    two.send(&Refresh::new(first.clone())).await;
    one.send(&Refresh::new(second.clone())).await;
    let lost = server.session_of(first.expose()).unwrap();
    assert_eq!(server.session_of(second.expose()), Some(lost));
    assert_eq!(server.session_of(shared.access_token.expose()), Some(lost));
    assert_eq!(server.session_of("unknown"), None);
    let session = server.ledger().sessions().remove(0);
    assert_eq!((session.id, session.refreshes, session.agent.as_deref()), (lost, 1, Some("one")));
    let end = session.end.unwrap();
    assert_eq!(
        (end.entry.event, end.entry.generation, end.entry.agent.as_deref()),
        (SessionEvent::Reused, Some(0), Some("two"))
    );
    assert_eq!(end.spent.unwrap().agent.as_deref(), Some("one"));
    let events: Vec<SessionEvent> = server.ledger().of(lost).into_iter().map(|entry| entry.event).collect();
    assert_eq!(events[..3], [SessionEvent::LoggedIn, SessionEvent::Refreshed, SessionEvent::Reused]);
    assert!(
        matches!(&events[3..], [SessionEvent::RefreshRefused { reason, .. }] if reason == "session_revoked")
    );

    // Another one is closed by its user, a third one by a test, and a login fails.
    let session = two.login(USER).await;
    two.bearer(session.access_token.expose()).ok(&Logout::new(session.refresh_token)).await;
    let session = two.login(USER).await;
    two.bearer(session.access_token.expose()).ok(&Logout::default()).await;
    server.revoke_sessions();
    two.send(&Login::new(USER, "wrong")).await;
    let ends: Vec<Option<SessionEvent>> = server
        .ledger()
        .sessions()
        .into_iter()
        .map(|session| session.end.map(|end| end.entry.event))
        .collect();
    assert_eq!(
        ends,
        [Some(SessionEvent::Reused), Some(SessionEvent::LoggedOut), Some(SessionEvent::Revoked)]
    );
    let entries = server.ledger().entries();
    let last = entries.last().unwrap();
    assert!(matches!(&last.event, SessionEvent::LoginRefused { reason, .. } if reason == "invalid_password"));
    assert!(entries.iter().any(|entry| entry.event == SessionEvent::AccessTokenDenied));
    let text = serde_json::to_string(&entries).unwrap();
    assert!(!text.contains(PASSWORD) && !text.contains(first.expose()) && !text.contains("eyJ"), "{text}");
}

#[tokio::test]
async fn the_recorder_keeps_requests_without_their_secrets() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server).in_default();
    api.login(USER).await;
    assert!(server.recorder().requests().is_empty(), "it is off until it is started");
    server.recorder().start();
    let session = api.login(USER).await;
    let mona = api.bearer(session.access_token.expose()).with("x-api-key", "s3cr3t-k");
    mona.get("/api/v1/documents?page=1&token=s3cr3t-q").await;
    mona.ok(&UploadFile::from_bytes("a.txt", "text")).await;
    server.faults().add(Fault::silence().on("Me")).unwrap();
    let silent = tokio::time::timeout(Duration::from_millis(50), mona.send(&Me::new())).await;
    assert!(silent.is_err());
    server.faults().clear();
    assert_eq!(server.stats().requests, 5, "one that is never answered is counted, too");
    server.faults().add(Fault::reset().on("Me")).unwrap();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(b"GET /api/v1/auth/me HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(stream.read_to_end(&mut Vec::new()).await.is_err());
    let requests = server.recorder().requests();
    let brief: Vec<_> = requests.iter().map(|request| (request.path.as_str(), request.status)).collect();
    assert_eq!(
        brief,
        [
            ("/api/v1/auth/login", Some(200)),
            ("/api/v1/documents", Some(200)),
            ("/api/v1/documents/upload", Some(202)),
            ("/api/v1/auth/me", None),
            ("/api/v1/auth/me", None)
        ]
    );
    assert_eq!(
        requests[0].body,
        RecordedBody::Json(serde_json::json!({"username": USER, "password": "[redacted]"}))
    );
    assert!(matches!(requests[2].body, RecordedBody::Bytes(_)) && requests[3].body == RecordedBody::None);
    assert!(requests[1].headers.contains(&("x-workspace-id".to_owned(), "default".to_owned())));
    let text = serde_json::to_string(&requests).unwrap();
    assert!(!text.contains(PASSWORD) && !text.contains("s3cr3t") && !text.contains("eyJ"), "{text}");
    server.recorder().stop();
    server.recorder().clear();
    api.login(USER).await;
    assert!(server.recorder().requests().is_empty());
}

#[tokio::test]
async fn a_test_moves_the_clock() {
    let server = with_users()
        .processing_delay(Duration::from_secs(3600))
        .token_lifetime(Duration::from_secs(1000 * 24 * 60 * 60))
        .rate_limit(Some((3, 1.0)))
        .start()
        .await
        .unwrap();
    let api = Api::new(&server).in_default();
    let mona = api.logged_in(USER).await;
    mona.ok(&Me::new()).await;
    let uploaded = mona.ok(&edgequake_types::documents::UploadText::new("text")).await;
    let task = uploaded.task_id.unwrap();
    mona.ok(&Me::new()).await;
    assert_eq!(mona.send(&Me::new()).await.status, 429);
    // Each stage of processing waits for the clock.
    let get = edgequake_types::tasks::GetTask::new(&task);
    for _ in 0..10_000 {
        server.clock().advance(Duration::from_secs(720));
        if mona.ok(&get).await.status.is_terminal() {
            break;
        }
    }
    assert_eq!(mona.ok(&get).await.status, edgequake_types::tasks::TaskStatus::Indexed);
    server.clock().advance(Duration::from_secs(1000 * 24 * 60 * 60));
    assert_eq!(mona.send(&Me::new()).await.status, 401);
}

#[tokio::test]
async fn a_listener_hears_of_each_request() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&lines);
    let server = with_users().on_request(move |request| {
        let operation = request.operation.as_deref().unwrap_or("-");
        heard.lock().unwrap().push(format!("{} {operation} {}", request.method, request.status.as_u16()));
    });
    let server = server.start().await.unwrap();
    let api = Api::new(&server);
    api.get("/api/v1/documents/x1").await;
    api.get("/nowhere").await;
    assert_eq!(*lines.lock().unwrap(), ["GET /api/v1/documents/{document_id} 401", "GET - 404"]);
}
