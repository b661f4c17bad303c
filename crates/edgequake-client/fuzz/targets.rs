//! What is held of any input at all; run by the fuzzer over inputs of its own, and by an ordinary test over the corpus.

#![allow(dead_code, reason = "each fuzz target uses one function")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken promise has to stop the run")]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use edgequake_client::auth::StaticKey;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::layers::retry::{RetryConfig, retry_after};
use edgequake_client::sse::{Decoder, EventTooLong, Message};
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::query::{QueryEvent, StreamQuery};
use edgequake_client::types::{Download, Lines, Retry, operation};
use edgequake_client::{BaseUrl, Client, ErrorKind, HttpTransport, Proxies};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::io::AsyncWriteExt as _;
use tower::service_fn;

/// Small enough for the fuzzer to overrun it.
const NARROW: usize = 16;

/// The messages of a stream that arrives in these pieces, and the error that ended it, if one did.
fn decode(mut decoder: Decoder, pieces: &[&[u8]]) -> (Vec<Message>, Option<EventTooLong>) {
    let mut messages = Vec::new();
    for piece in pieces {
        let mut piece = *piece;
        loop {
            match decoder.decode(&mut piece) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        assert!(piece.is_empty(), "a piece is read to its end");
    }
    messages.extend(decoder.finish());
    (messages, None)
}

/// A stream reads the same however it is cut, and no limit is ever overrun. The first two bytes say where to cut.
pub(crate) fn sse(data: &[u8]) {
    let Some(([first, second], stream)) = data.split_first_chunk::<2>() else { return };
    let (head, tail) = stream.split_at(usize::from(*first).min(stream.len()));
    let (middle, tail) = tail.split_at(usize::from(*second).min(tail.len()));
    let single: Vec<&[u8]> = stream.chunks(1).collect();

    let (whole, error) = decode(Decoder::new(), &[stream]);
    assert_eq!(error, None);
    for pieces in [&[head, middle, tail][..], &single] {
        assert_eq!(decode(Decoder::new(), pieces), (whole.clone(), None));
    }

    let narrow = decode(Decoder::with_limit(NARROW), &[stream]);
    for pieces in [&[head, middle, tail][..], &single] {
        assert_eq!(decode(Decoder::with_limit(NARROW), pieces), narrow);
    }
    let (messages, error) = narrow;
    // Each bad byte may become a replacement character of three.
    let size = |message: &Message| message.data.len().max(message.event.as_ref().map_or(0, String::len));
    assert!(messages.iter().all(|message| size(message) <= 3 * NARROW));
    // A limit takes nothing but the rest of the stream, and only from one that is longer.
    if error.is_some() {
        assert!(stream.len() > NARROW && whole.starts_with(&messages));
    } else {
        assert_eq!(messages, whole);
        // Lines that become no message are held in memory too.
        assert!(stream.split(|byte| matches!(byte, b'\n' | b'\r')).all(|line| line.len() <= NARROW));
    }
}

/// What a client gives of a stream that arrives in these pieces: events, and at the end perhaps an error.
async fn read(pieces: Vec<Bytes>) -> Vec<Result<QueryEvent, ErrorKind>> {
    let transport = service_fn(move |_: Request<RequestBody>| {
        let frames: Vec<_> =
            pieces.iter().cloned().map(|piece| Ok::<_, Infallible>(Frame::data(piece))).collect();
        let body = ResponseBody::new(StreamBody::new(futures_util::stream::iter(frames)));
        let answer = Response::builder().header(CONTENT_TYPE, "text/event-stream").body(body).unwrap();
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let client = Client::from_service("http://127.0.0.1:1", transport).unwrap();
    let mut events = client.query().stream(StreamQuery::new("?")).await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(event.map_err(|error| error.kind()));
    }
    assert!(events.next().await.is_none(), "nothing comes after the end");
    seen
}

/// Events are the same however the stream is cut, and an error is the last of what comes. The first two bytes say where to cut.
pub(crate) fn events(data: &[u8]) {
    let Some(([first, second], stream)) = data.split_first_chunk::<2>() else { return };
    let (head, tail) = stream.split_at(usize::from(*first).min(stream.len()));
    let (middle, tail) = tail.split_at(usize::from(*second).min(tail.len()));
    let owned =
        |pieces: &[&[u8]]| pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect::<Vec<_>>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let whole = read(owned(&[stream])).await;
        assert_eq!(read(owned(&[head, middle, tail])).await, whole);
        let errors = whole.iter().rev().skip(1).filter(|event| event.is_err()).count();
        assert_eq!(errors, 0, "an error ends the stream");
    });
}

/// A wait is none, or whole seconds and a year at most; plain seconds are read as they are.
pub(crate) fn retry_after_header(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
    let wait = retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let year = Duration::from_secs(366 * 24 * 60 * 60);
    assert!(wait.is_none_or(|wait| wait <= year && wait.subsec_nanos() == 0));
    if !data.is_empty() && data.iter().all(u8::is_ascii_digit) {
        let seconds = std::str::from_utf8(data).unwrap().parse().unwrap_or(u64::MAX);
        assert_eq!(wait, Some(Duration::from_secs(seconds).min(year)));
    }
}

/// What is read is printed so that it is read again as the same, and holds no user, query or fragment.
pub(crate) fn base_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(base) = text.parse::<BaseUrl>() {
        let printed = base.to_string();
        let again: BaseUrl = printed.parse().unwrap();
        assert_eq!(again, base);
        assert_eq!(again.to_string(), printed);
        assert!(!printed.contains(['?', '#']) && !printed.ends_with('/'), "{printed}");
        // In the path, an `@` is a character like others.
        let authority = printed.split('/').nth(2).unwrap();
        assert!(!authority.is_empty() && !authority.contains('@'), "{printed}");
    }
}

/// Lists whatever comes, one JSON text a line.
#[operation(GET "/lines" -> Lines<serde_json::Value>, Required, Safe, None, new(), crate = edgequake_client::types)]
struct ListLines {}

/// Gives whatever comes.
#[operation(GET "/file" -> Download, Required, Safe, None, new(), crate = edgequake_client::types)]
struct GetFile {}

/// A client that gets these pieces under this header.
fn answering(name: HeaderName, value: HeaderValue, pieces: Vec<Bytes>) -> Client {
    let transport = service_fn(move |_: Request<RequestBody>| {
        let frames: Vec<_> =
            pieces.iter().cloned().map(|piece| Ok::<_, Infallible>(Frame::data(piece))).collect();
        let body = ResponseBody::new(StreamBody::new(futures_util::stream::iter(frames)));
        let answer = Response::builder().header(&name, &value).body(body).unwrap();
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    Client::from_service("http://127.0.0.1:1", transport).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Lines are the same however the answer is cut, and an error is the last of what comes. The first byte says where to cut.
pub(crate) fn lines(data: &[u8]) {
    let Some((cut, text)) = data.split_first() else { return };
    let (head, tail) = text.split_at(usize::from(*cut).min(text.len()));
    let seen = |pieces: &[&[u8]]| {
        let pieces = pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect();
        let client = answering(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"), pieces);
        block_on(async move {
            let mut lines = client.send(ListLines::new()).await.unwrap();
            let mut seen = Vec::new();
            while let Some(line) = lines.next().await {
                seen.push(line.map_err(|error| error.kind()));
            }
            assert!(lines.next().await.is_none(), "nothing comes after the end");
            seen
        })
    };
    let whole = seen(&[text]);
    assert_eq!(seen(&[head, tail]), whole);
    assert!(whole.iter().rev().skip(1).all(Result::is_ok), "an error ends the stream");
}

/// Whatever the server calls a file, its name names no folder.
pub(crate) fn file_name(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let client = answering(CONTENT_DISPOSITION, value, Vec::new());
    let file = block_on(async move { client.send(GetFile::new()).await.unwrap() });
    if let Some(name) = file.file_name() {
        assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control), "{name:?}");
        assert!(!matches!(name.as_str(), "" | "." | ".."), "{name:?}");
    }
}

/// A path goes out as it was given, or not at all.
pub(crate) fn untyped_path(data: &[u8]) {
    let Ok(path) = std::str::from_utf8(data) else { return };
    let sent = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&sent);
    let transport = service_fn(move |request: Request<RequestBody>| {
        *seen.lock().unwrap() = Some(request.uri().clone());
        std::future::ready(Ok::<_, Infallible>(Response::new(ResponseBody::default())))
    });
    let client = Client::from_service("http://127.0.0.1:1/eq", transport).unwrap();
    let outcome = block_on(async { client.request(http::Method::GET, path).await });
    let sent = sent.lock().unwrap().take();
    assert_eq!(outcome.is_ok(), sent.is_some());
    if let Some(uri) = sent {
        assert_eq!(uri.authority().unwrap(), "127.0.0.1:1");
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        assert_eq!(uri.path(), format!("/eq{path}"));
        assert!(uri.path().split('/').skip(1).all(|segment| !matches!(segment, "" | "." | "..")));
    }
}

/// An answer out of any bytes: its status, its headers line by line, and after an empty line its body.
fn answer(data: &[u8]) -> Response<Bytes> {
    let text = |bytes: &[u8]| bytes.strip_suffix(b"\r").unwrap_or(bytes).to_vec();
    let mut lines = data.split(|byte| *byte == b'\n');
    let status = lines.next().map(text).unwrap_or_default();
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = http::StatusCode::from_bytes(&status).unwrap_or_default();
    let mut rest: Vec<&[u8]> = Vec::new();
    while let Some(line) = lines.next() {
        let line = text(line);
        if line.is_empty() {
            rest = lines.collect();
            break;
        }
        let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':').unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    *answer.body_mut() = rest.join(&b'\n').into();
    answer
}

/// Whatever a server answers, to whatever was asked: a call ends, in its time and with its number of attempts; an error is one line of bounded
/// length, and names no wait of more than a year.
pub(crate) fn answers(data: &[u8]) {
    const LIMIT: Duration = Duration::from_secs(600);
    let answer = answer(data);
    let sent = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&sent);
    let transport = service_fn(move |_: Request<RequestBody>| {
        *counted.lock().unwrap() += 1;
        std::future::ready(Ok::<_, Infallible>(answer.clone().map(ResponseBody::from)))
    });
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let builder = Client::builder().base_url("http://127.0.0.1:1/eq").timeout(LIMIT);
        let client = builder.credentials(StaticKey::new("s3cr3t-k").unwrap()).build_on(transport).unwrap();
        let documents = client.documents();
        let mut errors = Vec::new();
        let began = tokio::time::Instant::now();
        errors.extend(documents.list(ListDocuments::new()).await.err());
        errors.extend(documents.upload_text(UploadText::new("x")).await.err());
        errors.extend(documents.get("d-1").await.err());
        errors.extend(client.auth().me().await.err());
        errors.extend(match client.query().stream("?").await {
            Ok(events) => events.text().await.err(),
            Err(error) => Some(error),
        });
        assert!(began.elapsed() <= 5 * (LIMIT + Duration::from_secs(1)), "{:?}", began.elapsed());
        assert!(*sent.lock().unwrap() <= 5 * 4);
        let mut pages = documents.list(ListDocuments::new()).retry(Retry::Never).pages();
        for _ in 0..3 {
            let Some(page) = pages.next().await else { break };
            errors.extend(page.err());
        }
        for error in errors {
            let text = error.to_string();
            assert!(text.len() < 5_000 && !text.contains(char::is_control), "{text:?}");
            assert!(error.retry_after().is_none_or(|wait| wait <= Duration::from_secs(366 * 24 * 60 * 60)));
            assert!(!format!("{error:?}").contains("s3cr3t-k"));
        }
    });
}

/// Whatever a proxy answers to the request for a tunnel, and whatever it speaks: the call fails in its time, since nobody speaks TLS behind it.
/// The first byte says what the proxy is taken for.
pub(crate) fn proxy_answer(data: &[u8]) {
    let Some((kind, said)) = data.split_first() else { return };
    let scheme = ["http", "socks5", "socks5h"][usize::from(*kind) % 3];
    block_on_io(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("{scheme}://user:s3cr3t-p@{}", listener.local_addr().unwrap());
        let transport = HttpTransport::builder().proxies(Proxies::all(&proxy, "").unwrap());
        let client = Client::builder().base_url("https://192.0.2.1").transport(transport);
        let client = client.retry(RetryConfig::none()).timeout(Duration::from_secs(10)).build().unwrap();
        let answering = async {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                // Who asks may have gone before all is said.
                let _ = stream.write_all(said).await;
                let _ = stream.shutdown().await;
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            }
        };
        let error = tokio::select! {
            result = client.health().get().into_future() => result.unwrap_err(),
            () = answering => unreachable!(),
        };
        assert!(!error.is_timeout() && !format!("{error} {error:?}").contains("s3cr3t-p"), "{error:?}");
    });
}

fn block_on_io<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
