//! [`Decoder`]: server-sent events (WHATWG HTML, 9.2.5 and 9.2.6), out of bytes in pieces of any size.
//!
//! It works on bytes: a piece may end anywhere, also within a character or between CR and LF. Each byte is looked at once, so the
//! time is linear in the size of the stream, and what is kept is limited. Text that is not UTF-8 is replaced, not lost.

use memchr::memchr2;

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The name from an `event:` line. The server sends none and puts the type into the data.
    pub event: Option<String>,
    /// The `data:` lines, joined by LF. Exactly one blank after each colon is taken off; others are part of the data.
    pub data: String,
}

/// An event is longer than the decoder's limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than {limit} bytes")]
#[non_exhaustive]
pub struct EventTooLong {
    /// The limit in bytes.
    pub limit: usize,
}

/// The longest event by default: 16 MiB.
pub const DEFAULT_EVENT_LIMIT: usize = 16 * 1024 * 1024;

/// Takes a stream of bytes apart into [`Message`]s.
///
/// ```
/// use edgequake_client::sse::Decoder;
///
/// let mut decoder = Decoder::new();
/// let mut piece: &[u8] = b"data: one\n\n: keep-alive\n\ndata: t";
/// assert_eq!(decoder.decode(&mut piece)?.unwrap().data, "one");
/// assert_eq!(decoder.decode(&mut piece)?, None);
/// assert_eq!(decoder.decode(&mut b"wo\n\n".as_slice())?.unwrap().data, "two");
/// # Ok::<(), edgequake_client::sse::EventTooLong>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// The beginning of a line whose end has not come yet, if it is no data line.
    line: Vec<u8>,
    /// The data lines of the event so far, each followed by LF.
    data: Vec<u8>,
    /// The last of those is a line whose end has not come yet.
    in_data: bool,
    event: Option<String>,
    /// Bytes of the event so far, its line ends included, so that a flood of empty lines counts too.
    size: usize,
    /// The last byte was a CR that ended a line: a LF right after it belongs to it.
    after_cr: bool,
    /// A byte-order mark may come.
    at_start: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder with the default limit of 16 MiB for an event.
    pub fn new() -> Self {
        Self::with_limit(DEFAULT_EVENT_LIMIT)
    }

    /// A decoder with a limit in bytes for an event.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            data: Vec::new(),
            in_data: false,
            event: None,
            size: 0,
            after_cr: false,
            at_start: true,
        }
    }

    /// Reads on in `input` up to the end of the next event, and takes off what it has read. `None` means that `input` is used up
    /// and the next piece is needed.
    ///
    /// # Errors
    ///
    /// [`EventTooLong`]; the stream cannot be read further then.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Message>, EventTooLong> {
        loop {
            if self.after_cr {
                match input.split_first() {
                    Some((b'\n', rest)) => *input = rest,
                    Some(_) => {}
                    None => return Ok(None),
                }
                self.after_cr = false;
            }
            let Some(end) = end_of_line(input) else {
                self.count(input.len())?;
                self.part_of_line(input);
                *input = &[];
                return Ok(None);
            };
            let (piece, rest) = input.split_at_checked(end).unwrap_or((input, &[]));
            self.count(piece.len() + 1)?;
            if let Some(rest) = rest.strip_prefix(b"\n\n")
                && let Some(data) = self.last_line(piece)
            {
                self.count(1)?;
                *input = rest;
                return Ok(Some(self.message(data)));
            }
            self.after_cr = rest.first() == Some(&b'\r');
            *input = rest.get(1..).unwrap_or_default();
            if let Some(message) = self.rest_of_line(piece) {
                return Ok(Some(message));
            }
        }
    }

    /// The event that was complete but for its last empty line, when the stream has ended regularly.
    pub fn finish(&mut self) -> Option<Message> {
        if self.in_data || !self.line.is_empty() {
            self.rest_of_line(&[]);
        }
        self.dispatch()
    }

    fn count(&mut self, bytes: usize) -> Result<(), EventTooLong> {
        self.size += bytes;
        if self.size > self.limit { Err(EventTooLong { limit: self.limit }) } else { Ok(()) }
    }

    /// All the data of an event whose last line ends with this piece, if it is a data line; the short way for nearly all events.
    fn last_line(&mut self, piece: &[u8]) -> Option<Vec<u8>> {
        if std::mem::take(&mut self.in_data) {
            self.data.extend_from_slice(piece);
            return Some(std::mem::take(&mut self.data));
        }
        let is_only = self.line.is_empty() && self.data.is_empty() && !self.at_start;
        if is_only { data_value(piece).map(<[u8]>::to_vec) } else { None }
    }

    /// Takes in a piece of a line that does not end with it.
    fn part_of_line(&mut self, piece: &[u8]) {
        if self.in_data {
            self.data.extend_from_slice(piece);
            return;
        }
        self.line.extend_from_slice(piece);
        // What is in the line so far goes where it belongs, so that it is not copied once more at the end. The byte after the
        // colon has to be there, for it may be the blank that is left out.
        if !self.at_start
            && self.line.len() > b"data:".len()
            && let Some(value) = data_value(&self.line)
        {
            // Room for the rest of a short line too, so that most events take memory once.
            self.data.reserve(value.len() + 64);
            self.data.extend_from_slice(value);
            self.in_data = true;
            self.line.clear();
        }
    }

    /// Takes in a line, or the rest of one that has begun.
    fn rest_of_line(&mut self, piece: &[u8]) -> Option<Message> {
        if std::mem::take(&mut self.in_data) {
            self.data.extend_from_slice(piece);
            self.data.push(b'\n');
            return None;
        }
        if self.line.is_empty() {
            return self.end_line(piece);
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(piece);
        let complete = self.end_line(&line);
        // The buffer is kept for the next line that comes in pieces.
        line.clear();
        self.line = line;
        complete
    }

    /// Takes in a whole line; an empty one completes the event.
    fn end_line(&mut self, line: &[u8]) -> Option<Message> {
        let line = if std::mem::take(&mut self.at_start) {
            line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line)
        } else {
            line
        };
        if line.is_empty() {
            return self.dispatch();
        }
        if let Some(value) = data_value(line) {
            if self.data.is_empty() {
                // Room for the LF too: most events have one line, and take memory once.
                self.data.reserve_exact(value.len() + 1);
            }
            self.data.extend_from_slice(value);
            self.data.push(b'\n');
        } else if line == b"data" {
            self.data.push(b'\n');
        } else if let Some(value) = line.strip_prefix(b"event:") {
            self.event =
                Some(String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value)).into_owned());
        } else if line.starts_with(b":") && self.data.is_empty() {
            // Comments between events keep a connection alive; they are no part of the next one.
            self.size = 0;
        }
        None
    }

    fn dispatch(&mut self) -> Option<Message> {
        let mut data = std::mem::take(&mut self.data);
        if data.pop().is_none() {
            self.size = 0;
            self.event = None;
            return None;
        }
        Some(self.message(data))
    }

    /// The event with this data, all of which has come.
    fn message(&mut self, data: Vec<u8>) -> Message {
        self.size = 0;
        let data = String::from_utf8(data)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Message { event: self.event.take(), data }
    }
}

/// The value of a data line, without the one blank after the colon.
fn data_value(line: &[u8]) -> Option<&[u8]> {
    let value = line.strip_prefix(b"data:")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

/// Where the line ends that `input` begins with.
fn end_of_line(input: &[u8]) -> Option<usize> {
    match input {
        // The empty line that ends an event needs no search, and neither does a single byte.
        [b'\n' | b'\r', ..] => Some(0),
        [] | [_] => None,
        _ => memchr2(b'\n', b'\r', input),
    }
}

#[cfg(test)]
mod tests;
