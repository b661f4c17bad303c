//! Connections: kept, shared, limited, closed, and not tied to a runtime.

use std::time::Duration;

use edgequake_client::transport::HttpTransport;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::{Client, Error};
use tokio::sync::Notify;

use crate::server::{Act, Server, json};

async fn list(client: &Client) -> Result<(), Error> {
    client.documents().list(ListDocuments::new()).await.map(drop)
}

async fn documents() -> Server {
    Server::answers([json(200, r#"{"documents":[]}"#)]).await
}

fn connections(server: &Server) -> Vec<usize> {
    server.received().iter().map(|request| request.connection).collect()
}

#[tokio::test]
async fn one_connection_serves_one_request_after_the_other() {
    let server = documents().await;
    let client = server.client();
    for _ in 0..5 {
        list(&client).await.unwrap();
        list(&client.with_workspace(edgequake_client::types::WorkspaceId::server_default())).await.unwrap();
    }
    assert_eq!(connections(&server), [0; 10]);
}

#[tokio::test]
async fn nobody_queues_for_a_connection() {
    let go = std::sync::Arc::new(Notify::new());
    let gate = std::sync::Arc::clone(&go);
    let server = Server::start(move |n, _| match n {
        0 => Act::Held(json(200, r#"{"documents":[]}"#), std::sync::Arc::clone(&gate)),
        _ => Act::Send(json(200, r#"{"documents":[]}"#)),
    })
    .await;
    let client = server.client();
    let held = tokio::spawn({
        let client = client.clone();
        async move { list(&client).await }
    });
    server.wait_for(1).await;
    list(&client).await.unwrap();
    go.notify_one();
    held.await.unwrap().unwrap();
    assert_eq!(connections(&server), [0, 1]);
}

#[tokio::test]
async fn an_answer_that_is_not_read_closes_its_connection() {
    let server = documents().await;
    let client = server.client();
    let answer = client.documents().list(ListDocuments::new()).raw().await.unwrap();
    drop(answer);
    server.wait_for_closed(1).await;
    list(&client).await.unwrap();
    assert_eq!(connections(&server), [0, 1]);
}

#[tokio::test]
async fn what_is_unused_for_too_long_is_closed() {
    let server = documents().await;
    let transport = HttpTransport::builder().idle_connection(Duration::from_millis(20));
    let client = server.builder().transport(transport).build().unwrap();
    for round in 1..=2 {
        list(&client).await.unwrap();
        server.wait_for_closed(round).await;
    }
    assert_eq!(connections(&server), [0, 1]);
}

#[tokio::test]
async fn no_more_are_kept_than_allowed() {
    // A gate for each request, since a gate remembers one opening only.
    let gates: [std::sync::Arc<Notify>; 3] = Default::default();
    let held = gates.clone();
    let server = Server::start(move |n, _| {
        let answer = json(200, r#"{"documents":[]}"#);
        match held.get(n) {
            Some(gate) => Act::Held(answer, std::sync::Arc::clone(gate)),
            None => Act::Send(answer),
        }
    })
    .await;
    let transport = HttpTransport::builder().idle_connections(1);
    let client = server.builder().transport(transport).build().unwrap();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { list(&client).await })
        })
        .collect();
    server.wait_for(3).await;
    gates.iter().for_each(|gate| gate.notify_one());
    for call in calls {
        call.await.unwrap().unwrap();
    }
    server.wait_for_closed(2).await;
    // The third is kept, and serves what comes next.
    list(&client).await.unwrap();
    let used = connections(&server);
    assert!(used[3] < 3, "{used:?}");
    assert_eq!(server.closed(), 2);
}

#[tokio::test]
async fn a_dropped_client_leaves_no_connection_behind() {
    let server = documents().await;
    let client = server.client();
    list(&client).await.unwrap();
    drop(client);
    server.wait_for_closed(1).await;
}

#[test]
fn a_client_outlives_the_runtime_that_its_connections_were_made_in() {
    let of_server =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = of_server.block_on(documents());
    let client = server.client();
    for round in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            list(&client).await.unwrap();
            list(&client).await.unwrap();
        });
        drop(runtime);
        assert_eq!(connections(&server).last(), Some(&round));
    }
}
