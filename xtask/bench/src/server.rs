//! The other end of the wire: a server with four fixed answers, which ends when its standard input does.

use std::convert::Infallible;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Result;

const EMPTY_PAGE: &str = r#"{"documents":[],"total":0,"page":1,"page_size":20,"total_pages":0,"has_more":false,"status_counts":{"pending":0,"processing":0,"completed":0,"partial_failure":0,"failed":0,"cancelled":0}}"#;

/// The token that is valid after a refresh.
const FRESH: &str = "fresh";

static REFRESHES: AtomicU64 = AtomicU64::new(0);

/// Prints the address, then serves until standard input is closed.
pub(crate) async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let (closed, mut closing) = tokio::sync::oneshot::channel::<Infallible>();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(closed);
    });
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            _ = &mut closing => return Ok(()),
        };
        stream.set_nodelay(true)?;
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(connection);
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let token =
        request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = token.starts_with("Bearer eq_");
    let authorized = key || token.strip_prefix("Bearer ") == Some(FRESH);
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::POST, "/api/v1/auth/refresh") => (StatusCode::OK, refreshed()),
        (&Method::GET, "/refreshes") => (StatusCode::OK, REFRESHES.load(Relaxed).to_string()),
        _ if !authorized => {
            (StatusCode::UNAUTHORIZED, r#"{"code":"UNAUTHORIZED","message":"expired"}"#.to_owned())
        }
        (&Method::POST, "/api/v1/documents/upload") => (StatusCode::CREATED, received(request).await?),
        (&Method::GET, "/api/v1/documents") => {
            // A client that waits for each answer does the same work each time.
            tokio::time::sleep(Duration::from_millis(u64::from(key))).await;
            (StatusCode::OK, EMPTY_PAGE.to_owned())
        }
        _ => (StatusCode::NOT_FOUND, String::new()),
    };
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

fn refreshed() -> String {
    REFRESHES.fetch_add(1, Relaxed);
    format!(r#"{{"access_token":"{FRESH}","refresh_token":"next","token_type":"Bearer","expires_in":3600}}"#)
}

/// Reads the whole body and tells its length.
async fn received(request: Request<Incoming>) -> Result<String> {
    let mut body = request.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(format!(
        r#"{{"document_id":"7a000000-0000-4000-8000-00000000000d","status":"pending","received":{length}}}"#
    ))
}
