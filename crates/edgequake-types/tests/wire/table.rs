//! [`Table`]: the transcribed requests and answers of a group, and what the declarations make of them.
//!
//! A table is a text of entries. Their bytes come from the protocol, never from our own types:
//!
//! ```text
//! == request: create with a role
//! POST /api/v1/users
//! content-type: application/json
//!
//! {"username":"mona","email":"mona@corp.test","password":"pw","role":"readonly"}
//!
//! == answer: created
//! 201
//!
//! {"user":{...},"created_at":"..."}
//! ```
//!
//! An answer marked `(read only)` has a form that other servers send, and that is not written.
//!
//! What is not in an entry: `accept: application/json` of a request, `content-type: application/json` of an answer with a body.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fmt::Write as _;

use bytes::Bytes;
use edgequake_types::{Body, Decode, EncodeError, Endpoint};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

pub(crate) struct Table {
    group: &'static str,
    entries: BTreeMap<String, String>,
    /// What was read of the answers.
    read: String,
}

impl Table {
    /// Reads `text`; `group` names the snapshot of what is read.
    pub(crate) fn of(group: &'static str, text: &str) -> Self {
        let mut entries = BTreeMap::new();
        for entry in text.split("\n== ").map(|entry| entry.trim_start_matches("== ")) {
            let (name, content) = entry.split_once('\n').unwrap();
            if !name.starts_with('#') {
                let known = entries.insert(name.trim().to_owned(), content.trim_end().to_owned());
                assert!(known.is_none(), "twice in the table: {name}");
            }
        }
        Self { group, entries, read: String::new() }
    }

    fn take(&mut self, name: &str) -> String {
        self.entries.remove(name).unwrap_or_else(|| panic!("not in the table, or used twice: {name}"))
    }

    /// The request is written as the table says, and the table's is read as this request.
    pub(crate) fn request<E: Endpoint + PartialEq + Debug>(mut self, name: &str, request: &E) -> Self {
        let expected = self.take(&format!("request: {name}"));
        let (head, body) = expected.split_once("\n\n").unwrap_or((&expected, ""));
        let (parts, sent) = request.to_request().unwrap().into_parts();
        let mut written = format!("{} {}", parts.method, parts.uri);
        for (header, value) in &parts.headers {
            if header != ACCEPT || value != "application/json" {
                let value = value.to_str().unwrap();
                let value = value
                    .split_once("boundary=")
                    .map_or(value.to_owned(), |(value, _)| format!("{value}boundary=b0"));
                write!(written, "\n{header}: {value}").unwrap();
            }
        }
        assert!(parts.headers.contains_key(ACCEPT), "{name}");
        assert_eq!(written, head, "{name}");
        let bytes = sent.bytes().unwrap();
        match &sent {
            Body::Json(_) => assert_eq!(json(&bytes), json(body.as_bytes()), "{name}"),
            Body::Form(form) => {
                let content_type = form.content_type();
                let (_, boundary) = content_type.split_once("boundary=").unwrap();
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                assert_eq!(text.replace(boundary, "b0").replace("\r\n", "\n").trim_end(), body, "{name}");
                // The table has bare line ends, which no form has.
                assert_eq!(&E::from_request(&parts, &bytes).unwrap(), request, "{name}");
                return self;
            }
            _ => assert_eq!(bytes, body.as_bytes(), "{name}"),
        }
        assert_eq!(&E::from_request(&parts, body.as_bytes()).unwrap(), request, "{name}");
        self
    }

    /// The answer is read, and written as it came.
    pub(crate) fn answer<T: Decode + PartialEq + Debug>(self, name: &str) -> Self {
        self.written(name, T::encode)
    }

    /// The answer is read, and written as it came by a server of this operation, which gives it the status.
    pub(crate) fn created<E: Endpoint>(self, name: &str) -> Self
    where
        E::Response: Decode + PartialEq + Debug,
    {
        self.written(name, E::respond)
    }

    fn written<T: Decode + PartialEq + Debug>(
        mut self,
        name: &str,
        write: impl Fn(&T) -> Result<Response<Bytes>, EncodeError>,
    ) -> Self {
        let (answer, whole) = self.decode::<T>(&format!("answer: {name}"));
        let encoded = write(&answer).unwrap();
        assert_eq!(encoded.status(), whole.status(), "{name}");
        assert_eq!(encoded.headers(), whole.headers(), "{name}");
        if !whole.body().is_empty() || !encoded.body().is_empty() {
            assert_eq!(value(encoded.body()), value(whole.body()), "{name}");
        }
        let (head, body) = encoded.into_parts();
        assert_eq!(T::decode(&head, body).unwrap(), answer, "{name}");
        self
    }

    /// The answer is read. Servers of another time write it otherwise than this crate.
    pub(crate) fn answer_read<T: Decode + PartialEq + Debug>(mut self, name: &str) -> Self {
        let (answer, _) = self.decode::<T>(&format!("answer: {name} (read only)"));
        let (head, body) = answer.encode().unwrap().into_parts();
        assert_eq!(T::decode(&head, body).unwrap(), answer, "{name}");
        self
    }

    fn decode<T: Decode + Debug>(&mut self, name: &str) -> (T, Response<Bytes>) {
        let expected = self.take(name);
        let (head, body) = expected.split_once("\n\n").unwrap_or((&expected, ""));
        let mut head = head.lines();
        let mut whole = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        *whole.status_mut() = StatusCode::from_bytes(head.next().unwrap().as_bytes()).unwrap();
        if !body.is_empty() {
            whole.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (header, value) in head.map(|line| line.split_once(": ").unwrap()) {
            let header = HeaderName::try_from(header).unwrap();
            whole.headers_mut().insert(header, value.parse().unwrap());
        }
        let (head, body) = whole.clone().into_parts();
        let answer = T::decode(&head, body).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        writeln!(self.read, "== {name}\n{answer:#?}\n").unwrap();
        (answer, whole)
    }

    /// Every entry was used, and what was read of the answers is as before.
    pub(crate) fn finish(self) {
        assert!(self.entries.is_empty(), "not used: {:?}", self.entries.keys());
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(self.group, self.read);
        });
    }
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

/// JSON as it means, anything else as a text.
fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into())
}
