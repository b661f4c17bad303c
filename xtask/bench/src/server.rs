//! The other end of the wire: a server with fixed answers, which ends when its standard input does.

mod tls;
mod zeros;

use std::convert::Infallible;
use std::io::Read;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::Result;
use crate::decode;
use tls::Tls;
use zeros::Zeros;

const EMPTY_PAGE: &str = r#"{"documents":[],"total":0,"page":1,"page_size":20,"total_pages":0,"has_more":false,"status_counts":{"pending":0,"processing":0,"completed":0,"partial_failure":0,"failed":0,"cancelled":0}}"#;

const HEALTH: &str =
    r#"{"status":"healthy","version":"0.4.1","storage_mode":"memory","workspace_id":"default"}"#;

/// The token that is valid after a refresh.
const FRESH: &str = "fresh";

static REFRESHES: AtomicU64 = AtomicU64::new(0);
static HELD: AtomicU64 = AtomicU64::new(0);
static HANDSHAKES: AtomicU64 = AtomicU64::new(0);
static OPEN: AtomicU64 = AtomicU64::new(0);
/// The most connections that were open at a time.
static MOST: AtomicU64 = AtomicU64::new(0);

/// What comes of a request for documents.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Documents {
    /// None, after a millisecond: a client that waits for each answer does the same work each time.
    Empty,
    /// A page of 20, at once.
    Page,
    /// Nothing.
    Held,
    /// None, after 20 milliseconds: nobody is done before all have begun.
    Late,
}

impl Documents {
    pub(crate) fn parse(word: &str) -> Result<Self> {
        match word {
            "empty" => Ok(Self::Empty),
            "page" => Ok(Self::Page),
            "held" => Ok(Self::Held),
            "late" => Ok(Self::Late),
            other => Err(format!("no way to serve documents is called `{other}`").into()),
        }
    }
}

/// Prints the address, then serves until standard input is closed.
///
/// With a file for the certificate to trust it speaks TLS too.
pub(crate) async fn serve(documents: Documents, authority: Option<&str>) -> Result<()> {
    let tls = authority.map(|file| Tls::new(file.as_ref())).transpose()?;
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
        let tls = tls.clone();
        tokio::spawn(async move {
            MOST.fetch_max(OPEN.fetch_add(1, Relaxed) + 1, Relaxed);
            let served = connection(stream, tls, documents).await;
            OPEN.fetch_sub(1, Relaxed);
            served
        });
    }
}

/// A connection, by TLS if it begins so and there is TLS.
async fn connection(stream: TcpStream, tls: Option<Tls>, documents: Documents) -> Result<()> {
    let service = service_fn(move |request| answer(request, documents));
    match tls {
        Some(tls) if Tls::begins(&stream).await? => {
            let stream = tls.accept(stream).await?;
            HANDSHAKES.fetch_add(1, Relaxed);
            tls::serve(stream, service).await
        }
        _ => Ok(hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await?),
    }
}

async fn answer(
    request: Request<Incoming>,
    documents: Documents,
) -> Result<Response<Either<Full<Bytes>, Zeros>>> {
    let token =
        request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = token.starts_with("Bearer eq_");
    let authorized = key || token.strip_prefix("Bearer ") == Some(FRESH);
    let path = request.uri().path();
    let (status, body) = match (request.method(), path) {
        (&Method::POST, "/api/v1/auth/refresh") => (StatusCode::OK, refreshed().into()),
        (&Method::GET, "/refreshes") => (StatusCode::OK, REFRESHES.load(Relaxed).to_string().into()),
        (&Method::GET, "/held") => (StatusCode::OK, HELD.load(Relaxed).to_string().into()),
        (&Method::GET, "/handshakes") => (StatusCode::OK, HANDSHAKES.load(Relaxed).to_string().into()),
        (&Method::GET, "/connections") => (StatusCode::OK, MOST.load(Relaxed).to_string().into()),
        (&Method::GET, "/health") => (StatusCode::OK, HEALTH.into()),
        _ if !authorized => {
            (StatusCode::UNAUTHORIZED, r#"{"code":"UNAUTHORIZED","message":"expired"}"#.into())
        }
        (&Method::POST, "/api/v1/documents/upload" | "/api/v1/documents/pdf") => {
            (StatusCode::CREATED, received(request).await?)
        }
        (&Method::GET, "/api/v1/documents") => (StatusCode::OK, page(&request, documents, key).await?),
        _ => {
            match path.strip_prefix("/api/v1/documents/pdf/").and_then(|path| path.strip_suffix("/download"))
            {
                Some(length) => return Ok(Response::new(Either::Right(Zeros::new(length.parse()?)))),
                None => (StatusCode::NOT_FOUND, Bytes::new()),
            }
        }
    };
    let mut answer = Response::new(Either::Left(Full::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

/// A page of documents. A request that says how many there are, as the pattern, gets the page that it asks for.
async fn page(request: &Request<Incoming>, documents: Documents, key: bool) -> Result<Bytes> {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let query = request.uri().query().unwrap_or_default();
    let number = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    if let Some(total) = number("document_pattern") {
        let size = number("page_size").unwrap_or("20").parse()?;
        let page = decode::page(size, total.parse()?, number("page").unwrap_or("1").parse()?);
        return Ok(serde_json::to_vec(&page)?.into());
    }
    match documents {
        Documents::Empty => {
            tokio::time::sleep(Duration::from_millis(u64::from(key))).await;
            Ok(EMPTY_PAGE.into())
        }
        Documents::Page => Ok(PAGE.get_or_init(|| decode::page(20, 240, 3).to_string().into()).clone()),
        Documents::Late => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(EMPTY_PAGE.into())
        }
        Documents::Held => {
            HELD.fetch_add(1, Relaxed);
            std::future::pending().await
        }
    }
}

fn refreshed() -> String {
    REFRESHES.fetch_add(1, Relaxed);
    format!(r#"{{"access_token":"{FRESH}","refresh_token":"next","token_type":"Bearer","expires_in":3600}}"#)
}

/// Reads the whole body and tells its length, where each client reads something.
async fn received(request: Request<Incoming>) -> Result<Bytes> {
    let mut body = request.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, Bytes::len);
    }
    let text = format!(
        r#"{{"document_id":"7a000000-0000-4000-8000-00000000000d","status":"pending","received":{length},"message":"{length}"}}"#
    );
    Ok(text.into())
}
