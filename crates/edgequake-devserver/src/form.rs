//! [`FormReader`]: reads `multipart/form-data` as it arrives, so that of a large form only what is wanted is held, and once.

use bytes::{Buf, BytesMut};
use edgequake_types::multipart::{Content, Form, FormError, Part};
use memchr::memmem;

/// The only parts that may be as large as the form.
const FILES: [&str; 2] = ["file", "files"];

/// The maximum size of the head of a part, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;

/// The maximum number of parts, those included that nobody wants.
const PART_LIMIT: usize = 1000;

/// The maximum size of the content of a part that is wanted, unless it is the file, in bytes. What is made of it, such as
/// metadata, can take a hundred times as much.
const FIELD_LIMIT: usize = 256 * 1024;

/// Why a form cannot be read. Parts are numbered from 0.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Form(#[from] FormError),
    #[error("part {index} has no Content-Disposition of type form-data with a name")]
    Disposition { index: usize },
    #[error("the head of part {index} is larger than {HEAD_LIMIT} bytes")]
    Head { index: usize },
    #[error("the form has more than {PART_LIMIT} parts")]
    Parts,
    #[error("the part {name:?} is larger than {FIELD_LIMIT} bytes")]
    Field { name: String },
}

/// A form that is being read. Of parts with the same name the last one is kept, as it is the one that counts; of files each
/// one, where the form may have `files`.
#[derive(Debug)]
pub(crate) struct FormReader {
    /// Names the boundary, and nothing else that the client has sent: it is read again for every part.
    content_type: String,
    /// The end of a line, two hyphens and the boundary.
    delimiter: Vec<u8>,
    finder: memmem::Finder<'static>,
    wanted: &'static [&'static str],
    /// What has arrived and was not read.
    buffer: BytesMut,
    /// How many heads were read.
    heads: usize,
    state: State,
    parts: Vec<Part>,
    /// The content of the part that is being read, if it is wanted.
    content: Vec<u8>,
}

#[derive(Debug)]
enum State {
    Preamble,
    /// After a delimiter.
    Head,
    /// Within a part; `None` for one that nobody wants.
    Content(Option<Part>),
    End,
}

impl FormReader {
    /// Reads the parts with these names.
    ///
    /// # Errors
    ///
    /// [`FormError::ContentType`] when the content type names no boundary.
    pub(crate) fn new(content_type: &str, wanted: &'static [&'static str]) -> Result<Self, ReadError> {
        let boundary = boundary(content_type).ok_or(FormError::ContentType)?;
        let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
        Ok(Self {
            content_type: format!("multipart/form-data; boundary=\"{boundary}\""),
            finder: memmem::Finder::new(&delimiter).into_owned(),
            delimiter,
            wanted,
            // The first delimiter may stand at the very beginning.
            buffer: BytesMut::from(&b"\r\n"[..]),
            heads: 0,
            state: State::Preamble,
            parts: Vec::new(),
            content: Vec::new(),
        })
    }

    /// Reads on.
    ///
    /// # Errors
    ///
    /// [`ReadError`] for a part without a name or with a head that is too long, for too many parts, and for a field that is too large.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), ReadError> {
        self.buffer.extend_from_slice(piece);
        while self.step()? {}
        Ok(())
    }

    /// The parts that are wanted, once all has arrived.
    ///
    /// # Errors
    ///
    /// [`FormError::Incomplete`] for a form that is cut.
    pub(crate) fn finish(self) -> Result<Form, ReadError> {
        match self.state {
            State::End => Ok(Form::new(self.parts)),
            _ => Err(FormError::Incomplete.into()),
        }
    }

    /// Reads up to the next change of the state; false if more has to arrive before.
    fn step(&mut self) -> Result<bool, ReadError> {
        match &mut self.state {
            State::Preamble => Ok(self.next_delimiter(false)),
            State::Head => self.head(),
            State::Content(part) => {
                let part = part.take();
                let ends = self.next_delimiter(part.is_some());
                if let Some(part) = part.as_ref().filter(|part| !is_file(&part.name))
                    && self.content.len() > FIELD_LIMIT
                {
                    return Err(ReadError::Field { name: part.name.clone() });
                }
                match part {
                    Some(mut part) if ends => {
                        part.content = Content::Bytes(std::mem::take(&mut self.content).into());
                        if !(is_file(&part.name) && self.wanted.contains(&"files")) {
                            self.parts.retain(|known| known.name != part.name);
                        }
                        self.parts.push(part);
                    }
                    part if !ends => self.state = State::Content(part),
                    _ => {}
                }
                Ok(ends)
            }
            State::End => {
                self.buffer.clear();
                Ok(false)
            }
        }
    }

    /// Reads up to the next delimiter and past it; false if it has not arrived.
    fn next_delimiter(&mut self, keeps: bool) -> bool {
        let found = self.finder.find(&self.buffer);
        // The beginning of a delimiter may stand at the end.
        let tail = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
        let before = self.buffer.split_to(found.unwrap_or(tail));
        if keeps {
            self.content.extend_from_slice(&before);
        }
        if found.is_some() {
            self.buffer.advance(self.delimiter.len());
            self.state = State::Head;
        }
        found.is_some()
    }

    fn head(&mut self) -> Result<bool, ReadError> {
        if self.buffer.len() < 2 {
            return Ok(false);
        }
        if self.buffer.starts_with(b"--") {
            self.state = State::End;
            return Ok(true);
        }
        let index = self.heads;
        if index >= PART_LIMIT {
            return Err(ReadError::Parts);
        }
        let end = memmem::find(&self.buffer, b"\r\n\r\n").map(|end| end + 4);
        let next = self.finder.find(&self.buffer);
        let length = match (end, next) {
            (Some(end), next) if next.is_none_or(|next| end <= next) => end,
            // It has no end, for which it is refused below.
            (_, Some(next)) => next,
            // By then a delimiter within the limit has arrived as a whole.
            (_, None) if self.buffer.len() >= HEAD_LIMIT + self.delimiter.len() => self.buffer.len(),
            (_, None) => return Ok(false),
        };
        if length > HEAD_LIMIT {
            return Err(ReadError::Head { index });
        }
        let head = self.buffer.split_to(length);
        // As a form of this part alone, without its content.
        let opening = self.delimiter.get(2..).unwrap_or_default();
        let form = [opening, &head, &self.delimiter, b"--"].concat();
        let form = Form::parse(&self.content_type, &form.into());
        let part = form.map_err(|_| ReadError::Disposition { index })?.into_parts().pop();
        self.heads += 1;
        self.state = State::Content(part.filter(|part| self.wanted.contains(&part.name.as_str())));
        Ok(true)
    }
}

fn is_file(name: &str) -> bool {
    FILES.contains(&name)
}

/// The boundary in a content type: 1 to 70 characters.
fn boundary(content_type: &str) -> Option<&str> {
    let (media_type, parameters) = content_type.split_once(';')?;
    media_type.trim().eq_ignore_ascii_case("multipart/form-data").then_some(())?;
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    Some(value.trim().trim_matches('"')).filter(|boundary| (1..=70).contains(&boundary.len()))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    const WANTED: &[&str] = &["a", "file"];

    /// Reads a body that arrives in pieces of these sizes, in turn.
    fn read(content_type: &str, body: &[u8], sizes: &[usize]) -> Result<Vec<Part>, ReadError> {
        let mut reader = FormReader::new(content_type, WANTED)?;
        let (mut rest, mut sizes) = (body, sizes.iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            reader.push(piece)?;
            rest = after;
        }
        reader.finish().map(Form::into_parts)
    }

    #[test]
    fn bodies_that_are_no_form() {
        let good = "multipart/form-data; boundary=b";
        let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
        for content_type in ["application/json", "multipart/form-data", "multipart/form-data; boundary="] {
            assert_eq!(read(content_type, b"--b--", &[9]), Err(FormError::ContentType.into()));
        }
        for cut in ["", "--b", "--c--", part, &format!("{part}x\r\n--b")] {
            assert_eq!(read(good, cut.as_bytes(), &[7]), Err(FormError::Incomplete.into()), "{cut}");
        }
        for headless in ["--b\r\nX: y\r\n\r\nx\r\n--b--", "--b\r\nX: y\r\n--b--"] {
            let refused = read(good, headless.as_bytes(), &[1000]);
            assert_eq!(refused, Err(ReadError::Disposition { index: 0 }), "{headless}");
        }
        let second = format!("{part}x\r\n--b\r\nX: y\r\n\r\nx\r\n--b--");
        assert_eq!(read(good, second.as_bytes(), &[7]), Err(ReadError::Disposition { index: 1 }));
    }

    #[test]
    fn a_long_head_is_refused_however_it_arrives() {
        let good = "multipart/form-data; boundary=b";
        let start = "\r\nContent-Disposition: form-data; name=\"a\"\r\nX: ";
        for (length, fits) in [(HEAD_LIMIT, true), (HEAD_LIMIT + 1, false), (20_000, false)] {
            let filler = "x".repeat(length - start.len() - 4);
            let whole = format!("--b{start}{filler}\r\n\r\ny\r\n--b--");
            let endless = format!("--b{start}{filler}xxxx");
            for sizes in [&[1_000_000][..], &[1000], &[7, 16_000, 1]] {
                let read_whole = read(good, whole.as_bytes(), sizes);
                let long = Err(ReadError::Head { index: 0 });
                let expected = if fits { Ok(vec![Part::text("a", "y")]) } else { long };
                assert_eq!(read_whole, expected, "{length} {sizes:?}");
                assert!(read(good, endless.as_bytes(), sizes).is_err(), "{length} {sizes:?}");
            }
        }
    }

    #[test]
    fn only_a_file_may_be_large() {
        let part = |name: &str, length: usize| {
            let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            read(
                "multipart/form-data; boundary=b",
                format!("{head}{}\r\n--b--", "x".repeat(length)).as_bytes(),
                &[60_000],
            )
        };
        assert_eq!(part("a", FIELD_LIMIT).map(|parts| parts.len()), Ok(1));
        assert_eq!(part("a", FIELD_LIMIT + 1), Err(ReadError::Field { name: "a".to_owned() }));
        assert_eq!(part("file", FIELD_LIMIT + 1).map(|parts| parts.len()), Ok(1));
        assert_eq!(part("z", FIELD_LIMIT + 1), Ok(Vec::new()), "nobody wants it");
    }

    #[test]
    fn of_several_files_each_counts() {
        let part = |name: &str, content: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
        };
        let body =
            [part("files", "1"), part("a", "2"), part("file", "3"), part("files", "4"), part("a", "5")];
        let body = format!("{}--b--", body.concat());
        let read = |wanted: &'static [&'static str]| {
            let mut reader = FormReader::new("multipart/form-data; boundary=b", wanted).unwrap();
            reader.push(body.as_bytes()).unwrap();
            reader.finish().unwrap().into_parts()
        };
        let text = Part::text;
        let all = [text("files", "1"), text("file", "3"), text("files", "4"), text("a", "5")];
        assert_eq!(read(&["a", "file", "files"]), all);
        assert_eq!(read(&["a", "file"]), [text("file", "3"), text("a", "5")]);
    }

    #[test]
    fn the_work_for_a_part_does_not_grow_with_the_content_type() {
        let content_type = format!("multipart/form-data; {}boundary=b", "x=y; ".repeat(40_000));
        let reader = FormReader::new(&content_type, WANTED).unwrap();
        assert!(reader.content_type.len() < 100);
        let part = "--b\r\nContent-Disposition: form-data; name=\"z\"\r\n\r\n\r\n";
        let parts = |count: usize| format!("{}--b--", part.repeat(count));
        assert_eq!(read(&content_type, parts(PART_LIMIT).as_bytes(), &[5000]), Ok(Vec::new()));
        assert_eq!(read(&content_type, parts(PART_LIMIT + 1).as_bytes(), &[5000]), Err(ReadError::Parts));
    }

    #[test]
    fn what_nobody_wants_is_not_held() {
        let mut reader = FormReader::new("multipart/form-data; boundary=b", WANTED).unwrap();
        reader.push(b"--b\r\nContent-Disposition: form-data; name=\"z\"\r\n\r\n").unwrap();
        for _ in 0..1_000 {
            reader.push(&[b'x'; 10_000]).unwrap();
            assert!(reader.buffer.capacity() < 100_000 && reader.content.is_empty());
        }
        for content in ["first", "second"] {
            let part = format!("\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{content}");
            reader.push(part.as_bytes()).unwrap();
        }
        reader.push(b"\r\n--b--").unwrap();
        let parts = reader.finish().unwrap().into_parts();
        assert_eq!(parts, [Part::text("a", "second")]);
    }

    proptest! {
        /// However a form arrives, it is read as it is when it is there as a whole.
        #[test]
        fn pieces_make_no_difference(
            contents in prop::collection::vec(
                (prop::sample::select(vec!["a", "file", "z"]), prop::collection::vec(prop::sample::select(b"\r\n-bx".to_vec()), 0..30)),
                0..5,
            ),
            sizes in prop::collection::vec(1..40_usize, 1..5),
        ) {
            let part = |(name, content): &(&str, Vec<u8>)| Part::file(*name, "f.txt", Content::Bytes(content.clone().into()));
            let form = Form::with_boundary("bbx", contents.iter().map(part).collect());
            let body: Bytes = form.bytes().unwrap();
            let whole = Form::parse(&form.content_type(), &body).map(Form::into_parts);
            let read = read(&form.content_type(), &body, &sizes);
            match whole {
                Ok(whole) => {
                    let last = |at: usize| whole.iter().rposition(|other| other.name == whole[at].name) == Some(at);
                    let wanted = (0..whole.len()).filter(|at| last(*at) && WANTED.contains(&&*whole[*at].name));
                    prop_assert_eq!(read, Ok(wanted.map(|at| whole[at].clone()).collect()));
                }
                Err(_) => prop_assert!(read.is_err()),
            }
        }
    }
}
