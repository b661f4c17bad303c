use bytes::Bytes;
use http::{Request, Response};

use super::*;
use crate::body::{RequestBody, ResponseBody};

fn stream() -> ProgressStream {
    let transport = tower::service_fn(|_: Request<RequestBody>| {
        std::future::ready(Response::builder().body(ResponseBody::from(Bytes::new())))
    });
    ProgressStream::new(Client::builder().build_on(transport).unwrap(), None)
}

#[tokio::test(start_paused = true)]
async fn the_pauses_grow_for_a_server_that_greets_and_closes() {
    let mut stream = stream();
    let mut pauses = Vec::new();
    for lived in [0, 1, 1, 1, 29, 30, 0] {
        stream.opened = Some(Instant::now());
        stream.hear(&Message::text(r#"{"type":"Connected","message":"hello"}"#));
        tokio::time::advance(Duration::from_secs(lived)).await;
        stream.lost().unwrap();
        pauses.push(stream.pause.as_millis());
    }
    // Each is the one after next.
    assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 500, 1000]);
}

#[tokio::test]
async fn commands_are_bounded() {
    let mut stream = stream();
    for number in 0..2 * COMMANDS {
        stream.cancel(format!("insert-{number}"));
    }
    assert_eq!(stream.commands.len(), COMMANDS);
}
