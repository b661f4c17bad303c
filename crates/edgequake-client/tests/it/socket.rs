//! Progress over a WebSocket, against the dev server and against one that says anything.

use std::time::Duration;

use edgequake_client::types::documents::{DocumentStatus, UploadText};
use edgequake_client::types::progress::ProgressEvent;
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_client::{Client, ErrorKind, ProgressStream, ProgressUpdate};
use edgequake_devserver::{CredentialKind, DevServer, DevServerBuilder, Fault};

async fn server(builder: DevServerBuilder) -> (DevServer, Client) {
    let server = builder.master_key("k1").start().await.unwrap();
    let client = Client::builder()
        .base_url(server.url())
        .api_key("k1")
        .tenant_id(TenantId::server_default())
        .workspace_id(WorkspaceId::server_default())
        .build()
        .unwrap();
    (server, client)
}

/// The next event.
async fn event(stream: &mut ProgressStream) -> ProgressEvent {
    match stream.next().await.unwrap().unwrap() {
        ProgressUpdate::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_subscribed_to_is_told_with_credential_and_scope_in_headers() {
    let (server, client) = server(DevServer::builder().processing_delay(Duration::from_secs(3600))).await;
    let uploaded =
        client.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await.unwrap();
    let task = uploaded.task_id.unwrap();
    let mut progress = client.progress();
    progress.subscribe([task.clone(), "unknown".into()]);
    assert_eq!(event(&mut progress).await.name(), "Connected");
    let ProgressEvent::SubscribedAck(ack) = event(&mut progress).await else { panic!("no ack") };
    assert_eq!((ack.accepted, ack.requested), (vec![task], 2));
    let mut stages = Vec::new();
    loop {
        // Each stage takes its time.
        server.clock().advance(Duration::from_secs(3600));
        match event(&mut progress).await {
            ProgressEvent::StageTransition(it) => stages.push(it.stage),
            ProgressEvent::DocumentProgress(it) => {
                assert_eq!(Some(it.document_id), uploaded.document_id);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(!stages.is_empty());
    let log = server.request_log();
    let upgrade = log.iter().find(|seen| seen.path == "/ws/pipeline/progress").unwrap();
    assert_eq!(upgrade.status.as_u16(), 101);
    assert_eq!(upgrade.credential, CredentialKind::MasterKey);
    assert!(upgrade.tenant.is_some() && upgrade.workspace.is_some());
    assert!(!upgrade.headers.iter().any(|name| name == "sec-websocket-protocol"));
}

#[tokio::test]
async fn a_task_is_cancelled_over_its_socket() {
    let (_server, client) = server(DevServer::builder().processing_delay(Duration::from_secs(3600))).await;
    let uploaded =
        client.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await.unwrap();
    let task = uploaded.task_id.clone().unwrap();
    let mut progress = client.task_progress(task.clone());
    progress.status();
    progress.cancel(task);
    assert_eq!(event(&mut progress).await.name(), "Connected");
    let ProgressEvent::StatusSnapshot(status) = event(&mut progress).await else { panic!("no snapshot") };
    assert!(status.is_busy);
    let ProgressEvent::StageTransition(it) = event(&mut progress).await else { panic!("no end") };
    assert_eq!(it.stage, "cancelled");
    let error = client.documents().wait_for(&uploaded).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Processing);
}

#[tokio::test]
async fn a_refusal_ends_the_stream_and_says_why() {
    let (server, client) = server(DevServer::builder()).await;
    let mut unknown = client.task_progress("insert-none");
    let error = unknown.next().await.unwrap().unwrap_err();
    assert!(error.is_not_found() && error.operation() == "/ws/progress/{track_id}", "{error:?}");
    assert!(unknown.next().await.is_none());
    let stranger = Client::builder().base_url(server.url()).api_key("wrong").build().unwrap();
    assert!(stranger.progress().next().await.unwrap().unwrap_err().is_unauthorized());
    let mut empty = client.task_progress("");
    assert_eq!(empty.next().await.unwrap().unwrap_err().kind(), ErrorKind::Request);
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_told_as_a_gap() {
    let first = DevServer::builder().auth(false).start().await.unwrap();
    let port = first.addr().port();
    let client = Client::builder()
        .base_url(first.url())
        .tenant_id(TenantId::server_default())
        .workspace_id(WorkspaceId::server_default())
        .build()
        .unwrap();
    let mut progress = client.progress();
    assert_eq!(event(&mut progress).await.name(), "Connected");
    first.shutdown().await;
    let second =
        tokio::spawn(async move { DevServer::builder().auth(false).port(port).start().await.unwrap() });
    let mut errors = 0;
    loop {
        match progress.next().await.unwrap() {
            Ok(ProgressUpdate::Gap) => break,
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                assert!(error.is_retryable(), "{error:?}");
                errors += 1;
            }
        }
    }
    assert!(errors < 20);
    assert_eq!(event(&mut progress).await.name(), "Connected");
    drop(second.await.unwrap());
}

#[tokio::test]
async fn a_wait_listens_and_asks_little() {
    let (server, client) = server(DevServer::builder().processing_delay(Duration::from_secs(3600))).await;
    let uploaded =
        client.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await.unwrap();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let wait = client.documents().wait_for(&uploaded).websocket(true).poll_interval(Duration::from_secs(600));
    let wait = wait.on_progress(move |progress| drop(tell.send(progress.clone())));
    let waiting = tokio::spawn(wait.into_future());
    let mut listening = server.processing_events();
    // It has asked, and listens.
    while server.request_log().iter().filter(|seen| seen.path.starts_with("/api/v1/tasks/")).count() < 3 {
        told.recv().await.unwrap();
    }
    loop {
        server.clock().advance(Duration::from_secs(3600));
        if listening.next().await.unwrap().status == DocumentStatus::Completed {
            break;
        }
    }
    let document = waiting.await.unwrap().unwrap();
    assert!(document.chunk_count > 0);
    let asked = server.request_log().iter().filter(|seen| seen.method == "GET").count();
    assert!(asked <= 8, "{asked}");
    let mut fractions = Vec::new();
    while let Ok(progress) = told.try_recv() {
        fractions.push(progress.fraction);
    }
    assert!(fractions.windows(2).all(|pair| pair[0] <= pair[1]), "{fractions:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_a_socket_asks_as_ever() {
    let backend = DevServer::builder().auth(false).processing_delay(Duration::from_secs(3)).build().unwrap();
    let client = Client::builder().build_on(backend.service()).unwrap();
    let uploaded =
        client.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await.unwrap();
    client.documents().wait_for(&uploaded).websocket(true).await.unwrap();
    let backend =
        DevServer::builder().auth(false).fault(Fault::fail_processing("embedding")).build().unwrap();
    let client = Client::builder().build_on(backend.service()).unwrap();
    let uploaded =
        client.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await.unwrap();
    let error = client.documents().wait_for(&uploaded).websocket(true).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Processing);
}
