//! What is held of any input at all; run by the fuzzer over inputs of its own, and by an ordinary test over the corpus.

#![allow(dead_code, reason = "each fuzz target uses one function")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken promise has to stop the run")]

use std::time::{Duration, SystemTime};

use edgequake_client::BaseUrl;
use edgequake_client::layers::retry::retry_after;
use edgequake_client::sse::{Decoder, Message};
use http::header::{HeaderMap, HeaderValue, RETRY_AFTER};

fn messages(pieces: &[&[u8]]) -> Vec<Message> {
    let mut decoder = Decoder::new();
    let mut messages = Vec::new();
    for piece in pieces {
        let mut piece = *piece;
        while let Some(message) = decoder.decode(&mut piece).unwrap() {
            messages.push(message);
        }
        assert!(piece.is_empty(), "a piece is read to its end");
    }
    messages.extend(decoder.finish());
    messages
}

/// A stream reads the same however it is cut, and no limit is ever overrun. The first two bytes say where to cut.
pub(crate) fn sse(data: &[u8]) {
    let Some(([first, second], stream)) = data.split_first_chunk::<2>() else { return };
    let whole = messages(&[stream]);
    let (first, second) = (usize::from(*first), usize::from(*second));
    let (head, tail) = stream.split_at(first.min(stream.len()));
    let (middle, tail) = tail.split_at(second.min(tail.len()));
    assert_eq!(messages(&[head, middle, tail]), whole);
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(messages(&single), whole);

    let mut narrow = Decoder::with_limit(16);
    let mut rest = stream;
    while let Ok(Some(message)) = narrow.decode(&mut rest) {
        // Each bad byte may become a replacement character of three.
        assert!(message.data.len() <= 3 * 16);
    }
}

/// A wait is none, or a year at most.
pub(crate) fn retry_after_header(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
    let wait = retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(366 * 24 * 60 * 60)));
}

/// What is read is printed so that it is read again, and holds no user, query or fragment.
pub(crate) fn base_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(base) = text.parse::<BaseUrl>() {
        let printed = base.to_string();
        assert_eq!(printed.parse::<BaseUrl>().unwrap(), base);
        assert!(!printed.contains(['@', '?', '#']) && !printed.ends_with('/'), "{printed}");
    }
}
