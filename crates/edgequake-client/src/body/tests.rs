use std::convert::Infallible;

use http_body_util::StreamBody;

use super::*;

fn pieces(sizes: &[usize]) -> impl Body<Data = Bytes, Error = Infallible> + Unpin + Send + use<> {
    let frames: Vec<_> = sizes.iter().map(|&n| Ok(Frame::data(Bytes::from(vec![b'x'; n])))).collect();
    StreamBody::new(futures_util::stream::iter(frames))
}

async fn text(body: RequestBody) -> Bytes {
    body.collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn a_replay_is_the_same_byte_for_byte() {
    let bytes = RequestBody::from("abc");
    let factory = RequestBody::factory(Some(4), || Full::new(Bytes::from_static(b"file")));
    for (body, expected) in [(RequestBody::empty(), ""), (bytes, "abc"), (factory, "file")] {
        let replayed = body.replay().unwrap();
        assert_eq!(replayed.size_hint().exact(), body.size_hint().exact());
        assert_eq!(text(body).await, expected);
        assert_eq!(text(replayed).await, expected);
    }
}

#[tokio::test]
async fn a_factory_begins_anew_even_after_half_was_sent() {
    let body = RequestBody::factory(None, || pieces(&[2, 3]));
    let mut half = body.replay().unwrap();
    half.frame().await.unwrap().unwrap();
    assert_eq!(text(half.replay().unwrap()).await.len(), 5);
}

#[test]
fn a_stream_is_never_replayed() {
    assert!(RequestBody::once(pieces(&[1])).replay().is_none());
}

#[test]
fn debug_tells_kind_and_length_only() {
    let shown = format!("{:?}", RequestBody::from("s3cr3t-p"));
    assert_eq!(shown, "RequestBody { kind: \"bytes\", length: Some(8) }");
}

#[tokio::test]
async fn collecting_keeps_to_the_limit() {
    for (sizes, limit, whole, length) in [
        (&[][..], 10, true, 0),
        (&[10], 10, true, 10),
        (&[11], 10, false, 10),
        (&[4, 4, 2], 10, true, 10),
        (&[4, 4, 4], 10, false, 10),
    ] {
        let (is_whole, bytes) = match collect(&mut pieces(sizes), limit).await.unwrap() {
            Collected::Whole(bytes) => (true, bytes),
            Collected::Cut(bytes) => (false, bytes),
        };
        assert_eq!((is_whole, bytes.len()), (whole, length), "{sizes:?}");
    }
}

#[test]
fn a_request_body_is_no_larger_than_its_bytes() {
    assert_eq!(std::mem::size_of::<RequestBody>(), std::mem::size_of::<Bytes>());
}
