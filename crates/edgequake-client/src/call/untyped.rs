//! [`UntypedCall`]: the way out to paths that have no declaration.

use std::fmt;
use std::future::IntoFuture;

use edgequake_types::{Retry, Scope, is_segment};
use http::header::{HeaderMap, HeaderValue};
use http::{Method, Response};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::dispatch::Dispatcher;
use super::options::CallOptions;
use super::outgoing::Outgoing;
use crate::body::{RequestBody, ResponseBody};
use crate::boxed::BoxFuture;
use crate::error::{Error, ErrorKind};
use crate::policy::Policy;

/// A request to any path below the base URL, with the client's credential and scope. Nothing is sent until it is awaited; then it
/// gives the answer as it comes, whatever its status.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use http::Method;
///
/// let answer = client
///     .request(Method::GET, "/api/v1/graph/labels/search")
///     .query(&[("q", "bridge & tower"), ("limit", "5")])
///     .await?;
/// println!("{}", answer.status());
///
/// let body = serde_json::json!({ "node_ids": ["BRIDGE"] });
/// let answer = client.request(Method::POST, "/api/v1/graph/degrees/batch").json(&body).await?;
/// println!("{}", answer.status());
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct UntypedCall {
    dispatcher: Dispatcher,
    method: Method,
    path: String,
    query: String,
    content_type: Option<HeaderValue>,
    body: RequestBody,
    options: CallOptions,
}

impl UntypedCall {
    pub(crate) fn new(dispatcher: Dispatcher, method: Method, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut call = Self {
            dispatcher,
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            content_type: None,
            body: RequestBody::empty(),
            options: CallOptions::default(),
        };
        if let Err(error) = check_path(path).and_then(|()| check_encoding("query", query)) {
            call.options.refuse(error);
        }
        call
    }

    /// Adds to the query string: pairs of a name and a value, or a struct. A value may be a text, a number or a flag.
    pub fn query(mut self, query: &(impl Serialize + ?Sized)) -> Self {
        match pairs(query) {
            Ok(pairs) => {
                let mut added = form_urlencoded::Serializer::new(std::mem::take(&mut self.query));
                self.query = added.extend_pairs(pairs).finish();
            }
            Err(error) => self.options.refuse(error),
        }
        self
    }

    /// Sends this as JSON.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(json) => {
                self.content_type = Some(HeaderValue::from_static("application/json"));
                self.body = json.into();
            }
            Err(error) => self.options.refuse(Error::new(ErrorKind::Request).because(error)),
        }
        self
    }

    /// Sends this as it is. Say what it is with `.header("content-type", ..)`.
    pub fn body(mut self, body: impl Into<RequestBody>) -> Self {
        self.content_type = None;
        self.body = body.into();
        self
    }

    super::options::setters!(options);

    /// When the request may be repeated. Default: as its method implies, see [`Policy::for_method`].
    pub fn retry(mut self, retry: Retry) -> Self {
        self.options.retry = Some(retry);
        self
    }

    async fn run(mut self) -> Result<Response<ResponseBody>, Error> {
        let policy = Policy::for_method(&self.method);
        let outgoing = Outgoing {
            operation: "",
            method: self.method,
            path: self.path.into(),
            query: Some(self.query).filter(|query| !query.is_empty()),
            body: (self.content_type, self.body),
            media_type: "application/json",
            streamed: false,
            headers: HeaderMap::new(),
            scope: Scope::default(),
            auth: policy.auth,
            retry: policy.retry,
        };
        let request = outgoing.into_request(&self.dispatcher, &mut self.options)?;
        self.dispatcher.execute(request).await
    }
}

/// Without the query and the body, which may hold anything.
impl fmt::Debug for UntypedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntypedCall")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl IntoFuture for UntypedCall {
    type Output = Result<Response<ResponseBody>, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Checks a path as strictly as typed calls make theirs: each segment is encoded, and none is one that no encoding keeps in a URL.
fn check_path(path: &str) -> Result<(), Error> {
    let refused = |note: &str| Err(Error::new(ErrorKind::Request).note(note));
    let Some(segments) = path.strip_prefix('/') else { return refused("the path must begin with a slash") };
    check_encoding("path", path)?;
    if let Some(bracket) = path.chars().find(|character| matches!(character, '[' | ']')) {
        return refused(&format!("the path has `{bracket}`, which must be percent-encoded there"));
    }
    for segment in segments.split('/') {
        let decoded = if segment.contains('%') {
            match percent_decode_str(segment).decode_utf8() {
                Ok(decoded) => decoded,
                Err(_) => return refused("a segment of the path is not UTF-8 once it is decoded"),
            }
        } else {
            segment.into()
        };
        if !is_segment(&decoded) {
            return refused("no segment of the path may be blank, `.` or `..`, percent-encoded or not");
        }
    }
    Ok(())
}

/// The bytes that a path or a query may hold as they are (RFC 3986, 3.3 and 3.4), and `%`.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7F {
        plain[byte] =
            !matches!(byte as u8, b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}');
        byte += 1;
    }
    plain
};

/// Checks that a part of a URL is percent-encoded: what no URL can hold as it is, and a fragment, which would be lost.
fn check_encoding(part: &str, text: &str) -> Result<(), Error> {
    let refused = |note: String| Err(Error::new(ErrorKind::Request).note(note));
    let is_plain = |byte: u8| PLAIN.get(usize::from(byte)).copied().unwrap_or_default();
    if !text.bytes().all(is_plain) {
        let odd = text.chars().find(|odd| !u8::try_from(*odd).is_ok_and(is_plain)).unwrap_or_default();
        return refused(format!(
            "the {part} has `{}`, which must be percent-encoded: see `edgequake_types::encode_segment`",
            odd.escape_debug()
        ));
    }
    let encoded =
        |rest: &str| rest.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
    if text.contains('%') && !text.split('%').skip(1).all(encoded) {
        return refused(format!(
            "the {part} has a `%` that begins no percent-encoding: write `%25` for a `%` in it"
        ));
    }
    Ok(())
}

/// The pairs of a query: of a list of pairs, or of an object.
fn pairs(query: &(impl Serialize + ?Sized)) -> Result<Vec<(String, String)>, Error> {
    use serde_json::Value;

    let flat = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let unfit = || {
        Error::new(ErrorKind::Request).note("a query is made of pairs of a name and a text, number or flag")
    };
    let value = serde_json::to_value(query).map_err(|error| unfit().because(error))?;
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| Ok((name.clone(), flat(value).ok_or_else(unfit)?)))
            .collect(),
        Value::Array(pairs) => pairs
            .iter()
            .map(|pair| match pair.as_array().map(Vec::as_slice) {
                Some([name, value]) => Ok((flat(name).ok_or_else(unfit)?, flat(value).ok_or_else(unfit)?)),
                _ => Err(unfit()),
            })
            .collect(),
        _ => Err(unfit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_checked_as_strictly_as_a_typed_one() {
        for path in
            ["/", "//x", "/a/", "/a/../b", "/a/%2e%2E", "/a/./b", "/a/%20", "/a/ ", "x", "", "@evil/x"]
        {
            assert!(check_path(path).is_err(), "{path}");
        }
        for path in ["/a b", "/a\\b", "/ä", "/a#b", "/a/%ff", "/a|b", "/a\"b", "/a%zz", "/%", "/a%2", "/a[0]"]
        {
            assert!(check_path(path).is_err(), "{path}");
        }
        for path in ["/health", "/api/v1/documents/a%2Fb%20c", "/a/%2e%2e%2e", "/a;b=c,d/@x:y"] {
            assert!(check_path(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn queries_of_pairs_and_objects() {
        assert_eq!(pairs(&[("a", "1"), ("a", "2")]).unwrap().len(), 2);
        let object = serde_json::json!({ "q": "x & y", "limit": 5, "deep": true, "none": null });
        assert_eq!(pairs(&object).unwrap().len(), 3);
        for odd in [serde_json::json!("x"), serde_json::json!([1]), serde_json::json!({ "a": [1] })] {
            assert!(pairs(&odd).is_err(), "{odd}");
        }
    }
}
