//! Codings, as they are written and as they are broken.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody};
use tower::ServiceExt;

use super::*;
use crate::body::{Collected, collect};

fn gzip(text: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap().into()
}

/// What becomes of a body that comes with these codings.
async fn decoded<B: Body<Data = Bytes>>(codings: &[&str], body: B) -> Response<DecodedBody<B>> {
    let mut headers = HeaderMap::new();
    headers.insert("content-length", HeaderValue::from_static("7"));
    for coding in codings {
        headers.append(CONTENT_ENCODING, coding.parse().unwrap());
    }
    let echo = service_fn(move |request: Request<B>| {
        let mut answer = Response::new(request.into_body());
        *answer.headers_mut() = headers.clone();
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    DecompressionLayer::new().layer(echo).oneshot(Request::new(body)).await.unwrap()
}

async fn text(answer: Response<DecodedBody<Full<Bytes>>>) -> Result<Bytes, BoxError> {
    Ok(answer.into_body().collect().await?.to_bytes())
}

#[tokio::test]
async fn gzip_is_decoded_however_it_is_written() {
    for coding in ["gzip", "GZIP", "x-gzip", " gzip "] {
        let answer = decoded(&[coding], Full::new(gzip(b"text"))).await;
        assert!(answer.headers().is_empty(), "{coding}");
        assert_eq!(text(answer).await.unwrap(), "text", "{coding}");
    }
}

#[cfg(feature = "brotli")]
#[tokio::test]
async fn brotli_is_decoded() {
    let hello = Bytes::from_static(b"\x0b\x02\x80hello\x03");
    assert_eq!(text(decoded(&["br"], Full::new(hello)).await).await.unwrap(), "hello");
}

#[tokio::test]
async fn what_is_not_encoded_or_not_known_passes_as_it_came() {
    for (codings, kept) in [
        (&[][..], 0),
        (&["identity"], 0),
        (&[""], 0),
        (&["zstd"], 1),
        (&["gzip, gzip"], 1),
        (&["gzip", "gzip"], 2),
    ] {
        let answer = decoded(codings, Full::new(Bytes::from_static(b"as it is"))).await;
        assert_eq!(answer.headers().get_all(CONTENT_ENCODING).iter().count(), kept, "{codings:?}");
        assert_eq!(answer.headers()["content-length"], "7");
        assert_eq!(answer.body().size_hint().exact(), Some(8));
        assert_eq!(text(answer).await.unwrap(), "as it is", "{codings:?}");
    }
}

#[tokio::test]
async fn an_empty_body_is_empty_whatever_the_header_says() {
    assert_eq!(text(decoded(&["gzip"], Full::default()).await).await.unwrap(), "");
}

#[tokio::test]
async fn a_body_that_is_cut_at_any_byte_or_is_not_what_the_header_says_is_an_error() {
    let whole = gzip(b"some text that is long enough");
    for end in 1..whole.len() {
        let cut = whole.slice(..end);
        assert!(text(decoded(&["gzip"], Full::new(cut)).await).await.is_err(), "{end}");
    }
    assert!(text(decoded(&["gzip"], Full::new(Bytes::from_static(b"no gzip"))).await).await.is_err());
}

#[tokio::test]
async fn an_error_of_the_wire_comes_through_as_it_is() {
    let first = stream::iter([Ok(Frame::data(gzip(b"text").slice(..12)))]);
    let failing = first.chain(stream::iter([Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))]));
    let error = decoded(&["gzip"], StreamBody::new(failing)).await.into_body().collect().await.unwrap_err();
    assert_eq!(error.downcast::<std::io::Error>().unwrap().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn what_was_flushed_is_there_before_the_rest_has_come() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"data: 1\n\n").unwrap();
    encoder.flush().unwrap();
    let flushed = Frame::data(Bytes::copy_from_slice(encoder.get_ref()));
    let silent = stream::iter([Ok::<_, Infallible>(flushed)]).chain(stream::pending());
    let mut body = decoded(&["gzip"], StreamBody::new(silent)).await.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "data: 1\n\n");
}

#[tokio::test]
async fn a_body_that_grows_without_end_is_left_at_the_limit_and_lets_others_run() {
    let bomb = gzip(&vec![0; 16 << 20]);
    assert!(bomb.len() < 20_000);
    let ran = Arc::new(AtomicBool::new(false));
    let other = Arc::clone(&ran);
    tokio::spawn(async move { other.store(true, Ordering::Relaxed) });

    let mut body = decoded(&["gzip"], Full::new(bomb)).await.into_body();
    assert!(
        matches!(collect(&mut body, 1 << 16).await.unwrap(), Collected::Cut(read) if read.len() == 1 << 16)
    );
    assert!(body.frame().await.unwrap().unwrap().into_data().unwrap().len() <= 4096);
    assert!(!ran.load(Ordering::Relaxed), "64 KiB are not worth a pause");
    assert!(matches!(collect(&mut body, 8 << 20).await.unwrap(), Collected::Cut(_)));
    assert!(ran.load(Ordering::Relaxed));
}

#[tokio::test]
async fn it_asks_only_when_told_to_and_never_over_the_caller() {
    let seen = service_fn(|request: Request<()>| {
        let header = request.headers().get(ACCEPT_ENCODING).cloned();
        let mut answer = Response::new(Full::<Bytes>::default());
        answer.extensions_mut().insert(header);
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let identity = HeaderValue::from_static("identity");
    for (ask, own, expected) in [
        (false, None, None),
        (true, None, Some(ACCEPTED)),
        (true, Some(&identity), Some(identity.clone())),
        (false, Some(&identity), Some(identity.clone())),
    ] {
        let mut request = Request::new(());
        if let Some(own) = own {
            request.headers_mut().insert(ACCEPT_ENCODING, own.clone());
        }
        let answer = DecompressionLayer::new().ask(ask).layer(seen).oneshot(request).await.unwrap();
        assert_eq!(answer.extensions().get::<Option<HeaderValue>>(), Some(&expected), "{ask} {own:?}");
    }
}
