use proptest::prelude::*;

use super::*;

/// Decodes a stream that arrives in these pieces; the regular end included.
fn decode(pieces: &[&[u8]]) -> Vec<Message> {
    let mut decoder = Decoder::new();
    let mut messages = Vec::new();
    for piece in pieces {
        let mut piece = *piece;
        while let Some(message) = decoder.decode(&mut piece).unwrap() {
            messages.push(message);
        }
    }
    messages.extend(decoder.finish());
    messages
}

fn data(pieces: &[&[u8]]) -> Vec<String> {
    decode(pieces).into_iter().map(|message| message.data).collect()
}

#[test]
fn line_ends_of_every_kind() {
    for stream in [
        "data: a\r\rdata: b\r\r",
        "data: a\r\n\ndata: b\n\r\n",
        "data: a\n\ndata: b\r\n\r\n",
        "data: a\n\ndata: b",
    ] {
        assert_eq!(data(&[stream.as_bytes()]), ["a", "b"], "{stream:?}");
    }
}

#[test]
fn the_first_event_is_delivered_before_the_second_arrives() {
    let mut decoder = Decoder::new();
    for stream in [&b"data: a\n\n"[..], b"data: a\r\r", b"data: a\r\n\r\n"] {
        assert_eq!(decoder.decode(&mut &*stream).unwrap().unwrap().data, "a");
    }
}

#[test]
fn cr_and_lf_in_different_pieces_are_one_line_end() {
    assert_eq!(data(&[b"data: a\r", b"\ndata: b\r\n\r\n"]), ["a\nb"]);
    assert_eq!(data(&[b"data: a\r", b"", b"\n", b"\r", b"\n"]), ["a"]);
}

#[test]
fn exactly_one_blank_after_the_colon_is_taken_off() {
    assert_eq!(data(&[b"data:{}\n\ndata\n\ndata:  y \n\n"]), ["{}", "", " y "]);
}

#[test]
fn several_data_lines_are_joined() {
    assert_eq!(
        data(&[b"data: {\"type\":\"token\",\ndata: \"content\":\"x\"}\n\n"]),
        ["{\"type\":\"token\",\n\"content\":\"x\"}"]
    );
}

#[test]
fn comments_unknown_fields_and_names_without_data_are_no_events() {
    let stream = b": ping\n\n:\nretry: 500\nid: 7\nfoo: bar\ndatabase: x\n{\"error\":\"x\"}\n\nevent: ping\n\ndata: t\n\n";
    assert_eq!(data(&[stream]), ["t"]);
}

#[test]
fn an_event_name_belongs_to_its_event_only() {
    let messages = decode(&[b"event: error\ndata: a\n\ndata: b\n\n"]);
    assert_eq!(messages[0].event.as_deref(), Some("error"));
    assert_eq!(messages[1].event, None);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_only() {
    assert_eq!(data(&[b"\xEF", b"\xBB\xBFdata: a\n\ndata: \xEF\xBB\xBFb\n\n"]), ["a", "\u{FEFF}b"]);
}

#[test]
fn a_bad_byte_costs_one_character_only() {
    assert_eq!(data(&[b"data: a\xFFb\n\ndata: c\n\n"]), ["a\u{FFFD}b", "c"]);
}

#[test]
fn an_event_beyond_the_limit_is_an_error_and_memory_stays_bounded() {
    let flood = vec![b'x'; 1024];
    let mut decoder = Decoder::with_limit(64 * 1024);
    let endless = (0..1024).find_map(|_| decoder.decode(&mut &*flood).err());
    assert_eq!(endless, Some(EventTooLong { limit: 64 * 1024 }));
    assert!(decoder.line.capacity() <= 128 * 1024);

    let lines = b"data:\n".repeat(1024);
    let mut decoder = Decoder::with_limit(64 * 1024);
    assert!((0..1024).any(|_| decoder.decode(&mut &*lines).is_err()));
    assert!(decoder.data.capacity() <= 128 * 1024);
}

#[test]
fn a_legal_event_of_a_mebibyte_and_endless_comments_pass() {
    let text = "x".repeat(1024 * 1024);
    assert_eq!(data(&[b"data: ", text.as_bytes(), b"\n\n"]), [text.as_str()]);
    let mut decoder = Decoder::with_limit(1024);
    for _ in 0..10_000 {
        assert_eq!(decoder.decode(&mut &b": keep-alive\n\n"[..]).unwrap(), None);
        assert_eq!(decoder.decode(&mut &b":\n"[..]).unwrap(), None);
    }
}

/// Each byte is looked at once; rescanning from the start of an event would take minutes here.
#[test]
fn a_large_event_in_small_pieces_is_read_in_one_go() {
    let text = "x".repeat(8 * 1024 * 1024);
    let stream = format!("data: {text}\n\n");
    assert_eq!(data(&stream.as_bytes().chunks(1024).collect::<Vec<_>>()), [text.as_str()]);
    // A comment has no data to put it into.
    let comment = format!(": {text}\n\ndata: y\n\n");
    assert_eq!(data(&comment.as_bytes().chunks(1024).collect::<Vec<_>>()), ["y"]);
}

const RICH: &str =
    "\u{FEFF}: c\r\ndata: Nguyễn 🌍\r\ndata:  東京\r\r\nevent: x\ndata: {\"a\":1}\n\nid: 1\ndata\n\n: end";

#[test]
fn every_split_at_every_byte_gives_the_same_events() {
    let bytes = RICH.as_bytes();
    let whole = decode(&[bytes]);
    assert_eq!(whole.len(), 3);
    for at in 0..=bytes.len() {
        assert_eq!(decode(&[&bytes[..at], &bytes[at..]]), whole, "split at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(decode(&single), whole);
}

/// The events of a whole stream, as the standard's own words would have them: lines first, then fields.
fn reference(stream: &[u8]) -> Vec<Message> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let mut lines = vec![Vec::new()];
    let mut bytes = stream.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' => lines.push(Vec::new()),
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                lines.push(Vec::new());
            }
            other => lines.last_mut().unwrap().push(other),
        }
    }
    // The regular end completes what is there.
    lines.push(Vec::new());
    let (mut messages, mut event, mut data) = (Vec::new(), None, Vec::<Vec<u8>>::new());
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"" if line.is_empty() => {
                let data = std::mem::take(&mut data);
                let event = event.take();
                if !data.is_empty() {
                    let data = String::from_utf8_lossy(&data.join(&b'\n')).into_owned();
                    messages.push(Message { event, data });
                }
            }
            b"data" => data.push(value.to_vec()),
            b"event" if line.len() > colon => event = Some(String::from_utf8_lossy(value).into_owned()),
            _ => {}
        }
    }
    messages
}

/// Pieces of a stream that mean something, so that most streams have events.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"data:"[..],
        b"data: ",
        b"data",
        b"data: x\n\n",
        b"data: y\r\n\r\n",
        b"event: e\n",
        b"event",
        b": c\n",
        b"id: 1\n",
        b" ",
        b"\n",
        b"\n\n",
        b"\r",
        b"\r\n",
        b"x",
        b"xyz",
        b"da",
        b"ta: ",
        b"\xEF\xBB\xBF",
        b"\xEF",
        b"\xC3",
        b"\xC3\xBC",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_stream_in_any_pieces_reads_as_the_standard_says(
        stream in stream(),
        cuts in prop::collection::vec(0_usize..120, 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&stream[from..cut]);
            from = cut;
        }
        pieces.push(&stream[from..]);
        let expected = reference(&stream);
        prop_assert_eq!(decode(&pieces), &expected[..]);
        prop_assert_eq!(decode(&stream.chunks(1).collect::<Vec<_>>()), &expected[..]);
        prop_assert_eq!(decode(&[&stream]), expected);
    }
}
