//! [`FileReply`]: a reply that is a file.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use edgequake_types::{Download, Endpoint};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Refusal;
use crate::faults::Answers;
use crate::reply::Success;

/// What stands for itself in the name of a file (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A file, with its name and its type.
#[derive(Debug)]
pub(crate) struct FileReply {
    bytes: Bytes,
    content_type: &'static str,
    disposition: String,
}

impl FileReply {
    /// A file that is saved under its name.
    pub(crate) fn attachment(bytes: impl Into<Bytes>, content_type: &'static str, name: &str) -> Self {
        Self { bytes: bytes.into(), content_type, disposition: disposition("attachment", name) }
    }

    /// A file that is shown where it can be.
    #[cfg(feature = "pdf")]
    pub(crate) fn inline(bytes: impl Into<Bytes>, content_type: &'static str, name: &str) -> Self {
        Self { bytes: bytes.into(), content_type, disposition: disposition("inline", name) }
    }
}

/// The name of a file, with what not every client reads written twice (RFC 6266).
fn disposition(kind: &str, name: &str) -> String {
    let plain = |letter: char| {
        let fits = letter.is_ascii_graphic() || letter == ' ';
        if fits && !matches!(letter, '"' | '\\' | '%') { letter } else { '_' }
    };
    let ascii: String = name.chars().map(plain).collect();
    if ascii == name {
        return format!("{kind}; filename=\"{ascii}\"");
    }
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(name, PLAIN))
}

impl<E: Endpoint<Response = Download>> Success<E> for FileReply {
    const ANSWERS: Answers = Answers::Body;

    fn into_response(self) -> Result<Response, Refusal> {
        let mut response = Response::new(Body::from(self.bytes));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        let disposition = HeaderValue::try_from(self.disposition).map_err(|_| Refusal::internal())?;
        headers.insert(CONTENT_DISPOSITION, disposition);
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_not_every_client_reads_are_written_twice() {
        for (name, expected) in [
            ("bridge.pdf", r#"inline; filename="bridge.pdf""#),
            ("a b.pdf", r#"inline; filename="a b.pdf""#),
            ("a\"b\\c%.pdf", r#"inline; filename="a_b_c_.pdf"; filename*=UTF-8''a%22b%5Cc%25.pdf"#),
            ("Brücke\r\n.pdf", r#"inline; filename="Br_cke__.pdf"; filename*=UTF-8''Br%C3%BCcke%0D%0A.pdf"#),
        ] {
            assert_eq!(disposition("inline", name), expected);
            HeaderValue::try_from(expected).unwrap();
        }
    }
}
