//! [`open`]: from HTTP to the WebSocket protocol (RFC 6455, 4.1), through the whole stack of the client.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use edgequake_types::{TrackId, encode_segment};
use http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::{Method, Request, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_websockets::{ClientBuilder, Limits, WebSocketStream};

use crate::body::RequestBody;
use crate::call::check;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::policy::Policy;
use crate::transport::OwnConnection;

/// What is appended to the key.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The longest event, in bytes.
const LONGEST: usize = 1024 * 1024;

pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Opens a WebSocket: with the credential and the scope of the client as headers, by its rules for origins, proxies and TLS.
pub(super) async fn open(client: &Client, task: Option<&TrackId>) -> Result<Socket, Error> {
    let (operation, path) = match task {
        None => ("/ws/pipeline/progress", Cow::Borrowed("/ws/pipeline/progress")),
        Some(task) => {
            let path = format!("/ws/progress/{}", encode_segment(task.as_str())?);
            ("/ws/progress/{track_id}", Cow::Owned(path))
        }
    };
    switch(client, operation, path).await.map_err(|error| error.during(operation, None))
}

async fn switch(client: &Client, operation: &'static str, path: Cow<'static, str>) -> Result<Socket, Error> {
    let dispatcher = client.dispatcher();
    dispatcher.check_scope()?;
    let key = STANDARD.encode(fastrand::u128(..).to_ne_bytes());
    let accepted = accept(&key);
    let mut headers = HeaderMap::new();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    let key = HeaderValue::try_from(key).map_err(|error| Error::new(ErrorKind::Request).because(error))?;
    headers.insert(SEC_WEBSOCKET_KEY, key);
    let mut policy = Policy::for_method(&Method::GET).timeout(None);
    policy.operation = operation;
    policy.headers = dispatcher.headers(headers, None);
    let mut request = Request::new(RequestBody::empty());
    *request.uri_mut() = dispatcher.uri(path, None)?;
    request.extensions_mut().insert(policy);
    request.extensions_mut().insert(OwnConnection);

    let mut answer = client.execute(request).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = answer.status();
        check(answer).await?;
        return Err(no_socket(format!(
            "the server answered {status}, and does not speak the WebSocket protocol there"
        )));
    }
    if answer.headers().get(SEC_WEBSOCKET_ACCEPT).is_none_or(|value| value != accepted.as_str()) {
        return Err(no_socket("the server did not confirm the WebSocket: what answers is something else"));
    }
    let upgraded = hyper::upgrade::on(&mut answer).await;
    let upgraded = upgraded.map_err(|error| {
        no_socket("the connection could not be taken over: a transport of your own has to hand it on")
            .because(error)
    })?;
    let limits = Limits::default().max_payload_len(Some(LONGEST));
    Ok(ClientBuilder::new().limits(limits).take_over(TokioIo::new(upgraded)))
}

fn no_socket(note: impl Into<String>) -> Error {
    Error::new(ErrorKind::Decode).note(note)
}

/// What the server has to answer to a key.
fn accept(key: &str) -> String {
    let mut digest = sha1_smol::Sha1::new();
    digest.update(key.as_bytes());
    digest.update(GUID.as_bytes());
    STANDARD.encode(digest.digest().bytes())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_answer_to_the_key_of_the_standard() {
        assert_eq!(super::accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
