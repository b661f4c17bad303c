//! WebSockets that tell how processing goes.

use std::time::Duration;

use edgequake_devserver::{DevServer, DevServerBuilder, Era, Fault};
use edgequake_types::documents::{
    DeleteAllDocuments, DeleteDocument, DeleteDocuments, GetDocument, ListDocuments, UploadText,
};
use edgequake_types::tasks::{GetTask, TaskStatus};
use edgequake_types::{TenantId, WorkspaceId};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, Error, Message, WebSocketStream, upgrade};
use tower::ServiceExt as _;

use crate::documents::{default_workspace, ingest, wait_for_task};
use crate::support::{Api, READER, USER, with_users};

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens a WebSocket with these headers: the socket and the chosen subprotocol, or the status of the refusal.
    async fn open(
        server: &DevServer,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<(Self, Option<String>), u16> {
        let uri = format!("ws://{}{path}", server.addr()).parse().unwrap();
        let mut builder = ClientBuilder::from_uri(uri);
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            builder = builder.add_header(name, HeaderValue::from_str(value).unwrap()).unwrap();
        }
        let stream = TcpStream::connect(server.addr()).await.unwrap();
        match builder.connect_on(stream).await {
            Ok((socket, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol");
                Ok((Self(socket), protocol.map(|value| value.to_str().unwrap().to_owned())))
            }
            Err(Error::Upgrade(upgrade::Error::DidNotSwitchProtocols(status))) => Err(status),
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn bearer(server: &DevServer, path: &str, token: &str) -> Self {
        let token = format!("Bearer {token}");
        let headers =
            [("authorization", token.as_str()), ("x-tenant-id", "default"), ("x-workspace-id", "default")];
        let (mut socket, _) = Self::open(server, path, &headers).await.unwrap();
        assert_eq!(socket.next().await["type"], "Connected");
        socket
    }

    async fn next(&mut self) -> Value {
        serde_json::from_str(self.0.next().await.unwrap().unwrap().as_text().unwrap()).unwrap()
    }

    /// The next frames, with the first of this type as the last: their types, and the data of the last.
    async fn until(&mut self, name: &str) -> (Vec<String>, Value) {
        let mut names = Vec::new();
        loop {
            let mut frame = self.next().await;
            names.push(frame["type"].as_str().unwrap().to_owned());
            if frame["type"] == name {
                return (names, frame["data"].take());
            }
        }
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text.to_owned())).await.unwrap();
    }
}

/// Each stage waits until the clock is moved, as often as it takes. A login outlives that.
fn slow() -> DevServerBuilder {
    with_users()
        .processing_delay(Duration::from_secs(3600))
        .token_lifetime(Duration::from_secs(1000 * 24 * 3600))
}

async fn token(server: &DevServer, user: &str) -> String {
    Api::new(server).login(user).await.access_token.expose().to_owned()
}

#[tokio::test]
async fn a_task_is_followed_to_its_end() {
    let (server, api) = default_workspace(with_users()).await;
    server.faults().add(Fault::hang_processing("embedding").times(1)).unwrap();
    let uploaded = api.ok(&UploadText::new("Text about Ada Berg.")).await;
    let task = uploaded.task_id.unwrap();
    let token = token(&server, USER).await;
    let mut socket = Socket::bearer(&server, &format!("/ws/progress/{task}"), &token).await;
    socket.say("status").await;
    assert_eq!(socket.until("StatusSnapshot").await.1["is_busy"], true);
    // Another task is not cancelled from here.
    socket.say(&json!({ "type": "cancel", "track_id": "insert-x" }).to_string()).await;
    socket.say(&json!({ "type": "cancel", "track_id": task }).to_string()).await;
    let (_, mut last) = socket.until("StageTransition").await;
    while last["stage"] != "cancelled" {
        last = socket.until("StageTransition").await.1;
    }
    assert_eq!(last["task_id"], task.as_str());
    assert_eq!(api.ok(&GetTask::new(&task)).await.status, TaskStatus::Cancelled);
}

#[tokio::test]
async fn the_pipeline_tells_of_the_tasks_that_were_subscribed_to() {
    let (server, api) = default_workspace(slow()).await;
    let mut tasks = Vec::new();
    let mut documents = Vec::new();
    for text in ["One by Ada Berg in Elba.", "Two"] {
        let uploaded = api.ok(&UploadText::new(text)).await;
        tasks.push(uploaded.task_id.unwrap());
        documents.push(uploaded.document_id.unwrap());
    }
    let token = token(&server, USER).await;
    let mut socket = Socket::bearer(&server, "/ws/pipeline/progress", &token).await;
    socket.say("nonsense").await;
    socket.say(&json!({ "type": "ping" }).to_string()).await;
    assert_eq!(socket.until("Heartbeat").await.0, ["Heartbeat"]);
    socket.say(&json!({ "type": "subscribe", "track_ids": [tasks[0], "insert-x"] }).to_string()).await;
    let acknowledged = socket.next().await;
    let expected = json!({ "type": "SubscribedAck", "data": { "accepted": [tasks[0]], "requested": 2 } });
    assert_eq!(acknowledged, expected);
    let advance = async |task| {
        while !api.ok(&GetTask::new(task)).await.status.is_terminal() {
            server.clock().advance(Duration::from_secs(720));
            tokio::task::yield_now().await;
        }
    };
    advance(&tasks[0]).await;
    advance(&tasks[1]).await;
    let (names, last) = socket.until("DocumentProgress").await;
    assert!(names[..names.len() - 1].iter().all(|name| name == "StageTransition"), "{names:?}");
    assert_eq!((&last["document_id"], &last["entities_extracted"]), (&json!(documents[0]), &json!(2)));
    let deleted = api.ok(&DeleteDocument::new(&documents[1])).await.track_id.unwrap();
    socket.say(&json!({ "type": "subscribe", "track_ids": [deleted] }).to_string()).await;
    // Nothing was told of the second document.
    assert_eq!(socket.until("SubscribedAck").await.0, ["SubscribedAck"]);
    advance(&deleted).await;
    let gone = socket.until("DeletionCompleted").await.1;
    assert_eq!((&gone["document_id"], &gone["chunks_deleted"]), (&json!(documents[1]), &json!(1)));
}

/// The next frames whose type begins like this, with the first of the type `last` as the last.
async fn told(socket: &mut Socket, beginning: &str, last: &str) -> Vec<Value> {
    let mut frames = Vec::new();
    loop {
        let frame = socket.next().await;
        let is_last = frame["type"] == last;
        if frame["type"].as_str().unwrap().starts_with(beginning) {
            frames.push(frame);
        }
        if is_last {
            return frames;
        }
    }
}

#[tokio::test]
async fn the_deletion_of_several_documents_is_told_to_the_workspace() {
    let tenant = TenantId::new("00000000-0000-0000-0000-0000000000a1").unwrap();
    let elsewhere = WorkspaceId::new("00000000-0000-0000-0000-0000000000b1").unwrap();
    let builder = with_users().workspace(tenant.clone(), elsewhere.clone());
    let (server, api) = default_workspace(builder).await;
    let one = ingest(&api, "one", "One by Ada Berg in Elba.").await;
    let two = ingest(&api, "two", "Two").await;
    let token = token(&server, USER).await;
    // Nobody subscribes.
    let mut socket = Socket::bearer(&server, "/ws/pipeline/progress", &token).await;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-tenant-id", tenant.as_str()),
        ("x-workspace-id", elsewhere.as_str()),
    ];
    let (mut elsewhere, _) = Socket::open(&server, "/ws/pipeline/progress", &headers).await.unwrap();

    server.faults().add(Fault::fail_deletion().times(1).skip(1)).unwrap();
    let (first, second) = if one < two { (&one, &two) } else { (&two, &one) };
    let batch = api.ok(&DeleteDocuments::new([one.clone(), two.clone()])).await.batch_track_id;
    let workspace = "00000000-0000-0000-0000-000000000003";
    let whose = |mut data: Value| {
        data["wipe_track_id"] = json!(batch);
        data["workspace_id"] = json!(workspace);
        data
    };
    let entities = if *first == one { 2 } else { 0 };
    let relationships = if *first == one { 1 } else { 0 };
    let removed = |completed: Value| {
        let mut data = completed;
        data["entities_removed"] = json!(entities);
        data["relationships_removed"] = json!(relationships);
        data
    };
    let expected = [
        json!({ "type": "BulkDeletionStarted", "data": whose(json!({ "total": 2 })) }),
        json!({
            "type": "BulkDeletionItemProgress",
            "data": whose(removed(json!({ "document_id": first, "completed": 1, "total": 2 }))),
        }),
        json!({
            "type": "BulkDeletionCompleted",
            "data": whose(json!({
                "deleted_count": 1,
                "skipped_count": 1,
                "total_entities_removed": entities,
                "total_relationships_removed": relationships,
            })),
        }),
    ];
    let frames = told(&mut socket, "", "BulkDeletionCompleted").await;
    assert_eq!(frames, expected, "of single documents nothing is told");

    // All of it fails.
    server.faults().add(Fault::fail_deletion().times(1)).unwrap();
    let wipe = api.ok(&DeleteAllDocuments::new()).await.wipe_track_id.unwrap();
    let frames = told(&mut socket, "Bulk", "BulkDeletionFailed").await;
    let failed = json!({
        "wipe_track_id": wipe,
        "workspace_id": workspace,
        "error_message": "The document could not be deleted",
        "deleted_count": 0,
    });
    assert_eq!((frames.len(), &frames[1]["data"]), (2, &failed));
    assert_eq!(api.ok(&ListDocuments::new()).await.documents[0].id, *second);

    // Another workspace hears nothing.
    let again = api.ok(&DeleteAllDocuments::new()).await.wipe_track_id.unwrap();
    assert_eq!(wait_for_task(&api, &again).await, TaskStatus::Indexed);
    elsewhere.say(&json!({ "type": "ping" }).to_string()).await;
    // It answers at once, although nothing is in it.
    let answer = timeout(Duration::from_secs(20), elsewhere.until("Heartbeat")).await.unwrap();
    assert_eq!(answer.0, ["Connected", "Heartbeat"]);
    elsewhere.say(&json!({ "type": "subscribe", "track_ids": ["insert-x"] }).to_string()).await;
    let nothing = json!({ "type": "SubscribedAck", "data": { "accepted": [], "requested": 1 } });
    assert_eq!(elsewhere.next().await, nothing);
    // The deletion of a single document is no such thing.
    let id = ingest(&api, "three", "Three").await;
    let deletion = api.ok(&DeleteDocument::new(&id)).await.track_id.unwrap();
    assert_eq!(wait_for_task(&api, &deletion).await, TaskStatus::Indexed);
    told(&mut socket, "Bulk", "BulkDeletionCompleted").await;
    socket.say(&json!({ "type": "ping" }).to_string()).await;
    assert_eq!(socket.until("Heartbeat").await.0, ["Heartbeat"]);
}

#[tokio::test]
async fn each_chunk_that_fails_is_told_before_the_end() {
    let (server, api) = default_workspace(slow()).await;
    server.faults().add(Fault::partial_processing("extracting").chunks([0, 2]).times(1)).unwrap();
    let sentence = "Ada Berg wrote this in Elba. ".repeat(40);
    let text: String = (0..20).map(|part| format!("# Part {part}\n\n{sentence}\n\n")).collect();
    let uploaded = api.ok(&UploadText::new(text)).await;
    let task = uploaded.task_id.unwrap();
    let token = token(&server, USER).await;
    let mut socket = Socket::bearer(&server, "/ws/pipeline/progress", &token).await;
    socket.say(&json!({ "type": "subscribe", "track_ids": [task] }).to_string()).await;
    socket.until("SubscribedAck").await;
    while !api.ok(&GetTask::new(&task)).await.status.is_terminal() {
        server.clock().advance(Duration::from_secs(720));
        tokio::task::yield_now().await;
    }
    let mut frames = told(&mut socket, "", "DocumentProgress").await;
    frames.retain(|frame| frame["type"] != "StageTransition");
    let id = uploaded.document_id.unwrap();
    let total = api.ok(&GetDocument::new(&id)).await.chunk_count;
    let failure = |index: u64| {
        json!({
            "document_id": id,
            "task_id": task,
            "chunk_index": index,
            "total_chunks": total,
            "error_message": "No entities could be extracted from the chunk",
            "was_timeout": false,
            "retry_attempts": 0,
        })
    };
    assert_eq!(frames.len(), 3, "{frames:?}");
    assert_eq!((&frames[0]["data"], &frames[1]["data"]), (&failure(0), &failure(2)));
}

#[tokio::test]
async fn whoever_may_not_read_is_refused_before_the_upgrade() {
    let (server, api) = default_workspace(with_users()).await;
    let task = api.ok(&UploadText::new("text")).await.task_id.unwrap();
    let path = format!("/ws/progress/{task}");
    let token = token(&server, USER).await;
    let bearer = format!("Bearer {token}");
    let protocol = format!("edgequake.bearer, {token}");
    for (path, headers, status) in [
        (path.as_str(), vec![], 401),
        (&path, vec![("authorization", "Bearer nonsense")], 401),
        (&path, vec![("authorization", bearer.as_str()), ("origin", "http://evil.example")], 403),
        ("/ws/progress/insert-x", vec![("authorization", &bearer)], 404),
    ] {
        assert_eq!(Socket::open(&server, path, &headers).await.err(), Some(status), "{headers:?}");
    }
    let (_socket, chosen) =
        Socket::open(&server, &path, &[("sec-websocket-protocol", &protocol)]).await.unwrap();
    assert_eq!(chosen.as_deref(), Some("edgequake.bearer"));
    let plain = Api::new(&server).bearer(&token).get(&path).await;
    assert_eq!((plain.status, plain.body.starts_with(b"A WebSocket needs")), (StatusCode::BAD_REQUEST, true));
}

#[tokio::test]
async fn a_reader_may_look_and_not_cancel() {
    let (server, api) = default_workspace(with_users()).await;
    server.faults().add(Fault::hang_processing("embedding").times(1)).unwrap();
    let task = api.ok(&UploadText::new("text")).await.task_id.unwrap();
    let mut socket = Socket::bearer(&server, "/ws/pipeline/progress", &token(&server, READER).await).await;
    socket.say(&json!({ "type": "cancel", "track_id": task }).to_string()).await;
    socket.say(&json!({ "type": "ping" }).to_string()).await;
    socket.until("Heartbeat").await;
    assert!(!api.ok(&GetTask::new(&task)).await.status.is_terminal());
}

#[tokio::test]
async fn sockets_end_with_the_server_and_their_number_is_limited() {
    let server = with_users().auth(false).era(Era::B).start().await.unwrap();
    let mut sockets = Vec::new();
    for _ in 0..256 {
        sockets.push(Socket::open(&server, "/ws/pipeline/progress", &[]).await.unwrap().0);
    }
    assert_eq!(Socket::open(&server, "/ws/pipeline/progress", &[]).await.err(), Some(503));
    drop(sockets.split_off(1));
    let mut socket = sockets.remove(0);
    assert_eq!(socket.next().await["type"], "Connected");
    // On an older server everything in the workspace is told.
    Api::new(&server).in_default().ok(&UploadText::new("text")).await;
    socket.until("DocumentProgress").await;
    server.shutdown().await;
    let last = socket.0.next().await.unwrap().unwrap();
    assert!(last.is_close() && socket.0.next().await.is_none());
}

#[tokio::test]
async fn there_is_no_socket_without_a_connection() {
    let backend = with_users().auth(false).build().unwrap();
    let request = Request::get("/ws/pipeline/progress")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let response = backend.service().oneshot(request.body(String::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "A WebSocket needs a connection, and this server is called without one");
}
