//! [`BaseUrl`]: where the server is, and how the paths of operations are put behind it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use edgequake_types::Origin;
use http::Uri;
use http::uri::{Authority, InvalidUri, PathAndQuery, Scheme};

use crate::error::Error;

/// The address of a server: scheme, host, port, and the path prefix that a reverse proxy may put in front.
///
/// ```
/// use edgequake_client::BaseUrl;
///
/// let base: BaseUrl = "https://example.com/eq/".parse()?;
/// assert_eq!(base.to_string(), "https://example.com/eq");
/// # Ok::<(), edgequake_client::BaseUrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    /// Empty, or with a leading and without a trailing slash.
    prefix: Box<str>,
    origin: Origin,
}

/// Why a text is not the address of a server. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// Not a URL with a host.
    #[error(
        "the base URL must be like https://host:port/prefix; IPv6 addresses need brackets, as in http://[::1]:8080"
    )]
    Malformed,
    /// Another scheme than `http` or `https`, or none.
    #[error("the base URL must begin with http:// or https://")]
    Scheme,
    /// User and password before the host.
    #[error(
        "the base URL must not contain a user or password: credentials have settings of their own, such as EDGEQUAKE_API_KEY"
    )]
    UserInfo,
    /// A query or fragment.
    #[error("the base URL must not have a query or fragment: remove everything from `?` or `#` on")]
    Query,
}

impl BaseUrl {
    /// Where the URL's credentials belong.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path that all requests begin with: empty, or as in `/edgequake`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Puts a path, and a query if there is one, behind the base. Segments are appended, never resolved, so that the prefix
    /// stays (RFC 3986, 5.2.3 would drop its last segment).
    ///
    /// Whatever the path holds, the request goes to this server and stays below the prefix, also where somebody on the way resolves
    /// dot segments.
    pub(crate) fn join(&self, path: Cow<'static, str>, query: Option<&str>) -> Result<Uri, JoinError> {
        check_path(&path)?;
        let path_and_query = match (path, query) {
            (Cow::Borrowed(path), None) if self.prefix.is_empty() => {
                PathAndQuery::from_maybe_shared(Bytes::from_static(path.as_bytes()))
            }
            (path, query) => {
                let length = self.prefix.len() + path.len() + query.map_or(0, |query| query.len() + 1);
                let mut text = String::with_capacity(length);
                text.push_str(&self.prefix);
                text.push_str(&path);
                if let Some(query) = query {
                    text.push('?');
                    text.push_str(query);
                }
                PathAndQuery::from_maybe_shared(Bytes::from(text))
            }
        };
        let path_and_query = path_and_query.map_err(JoinError::Malformed)?;
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path_and_query);
        // Scheme, authority and path always make a URI.
        Uri::from_parts(parts).map_err(|_| JoinError::NoSlash)
    }
}

/// Why a path cannot be put behind a base URL.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinError {
    #[error("the path of an operation must begin with a slash")]
    NoSlash,
    #[error("the path of an operation must not have a `?` or `#`: encode it, or give the query as the query")]
    Delimiter,
    #[error("no segment of an operation's path may be `.` or `..`, percent-encoded or not")]
    DotSegment,
    #[error("the path or query of an operation cannot stand in a URL: percent-encode it")]
    Malformed(#[source] InvalidUri),
}

fn check_path(path: &str) -> Result<(), JoinError> {
    let bytes = path.as_bytes();
    if bytes.first() != Some(&b'/') {
        return Err(JoinError::NoSlash);
    }
    if memchr::memchr2(b'?', b'#', bytes).is_some() {
        return Err(JoinError::Delimiter);
    }
    // Most paths have neither.
    if memchr::memchr2(b'.', b'%', bytes).is_some() && path.split('/').any(is_dot_segment) {
        return Err(JoinError::DotSegment);
    }
    Ok(())
}

/// Whether a segment is `.` or `..`, which resolvers of URLs take out (RFC 3986, 5.2.4; WHATWG URL knows them encoded as well).
fn is_dot_segment(segment: &str) -> bool {
    // The longest is `%2e%2e`.
    segment.len() <= 6 && matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.contains('#') || text.contains('?') {
            return Err(BaseUrlError::Query);
        }
        // A URI is ASCII (RFC 3986, 2); a prefix with other letters has to be percent-encoded.
        if !text.is_ascii() {
            return Err(BaseUrlError::Malformed);
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !scheme.is_some_and(|scheme| scheme == "http" || scheme == "https") {
            return Err(BaseUrlError::Scheme);
        }
        let uri: Uri = text.parse().map_err(|_| BaseUrlError::Malformed)?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(BaseUrlError::Malformed);
        };
        if authority.as_str().contains('@') {
            return Err(BaseUrlError::UserInfo);
        }
        let host = authority.host();
        let unbracketed = !host.starts_with('[') && host.contains(':');
        // A port that is empty or beyond 65535 is there as text, and not as a number.
        let odd_port = authority.as_str().len() > host.len() && authority.port_u16().is_none();
        if host.is_empty() || unbracketed || odd_port {
            return Err(BaseUrlError::Malformed);
        }
        let path = parts.path_and_query.as_ref().map_or("", PathAndQuery::path);
        let prefix: String = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .flat_map(|segment| ["/", segment])
            .collect();
        let whole = format!("{scheme}://{authority}").parse().map_err(|_| BaseUrlError::Malformed)?;
        Ok(Self { scheme, authority, prefix: prefix.into(), origin: whole })
    }
}

/// Taken as a text, checked as by `parse`.
impl TryFrom<&str> for BaseUrl {
    type Error = BaseUrlError;

    fn try_from(text: &str) -> Result<Self, BaseUrlError> {
        text.parse()
    }
}

/// Taken as a text, checked as by `parse`.
impl TryFrom<String> for BaseUrl {
    type Error = BaseUrlError;

    fn try_from(text: String) -> Result<Self, BaseUrlError> {
        text.parse()
    }
}

/// Taken as a text, checked as by `parse`.
impl TryFrom<&String> for BaseUrl {
    type Error = BaseUrlError;

    fn try_from(text: &String) -> Result<Self, BaseUrlError> {
        text.parse()
    }
}

impl From<&BaseUrl> for BaseUrl {
    fn from(url: &BaseUrl) -> Self {
        url.clone()
    }
}

/// A URL that is one already passes where one is made.
impl From<std::convert::Infallible> for BaseUrlError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

/// Why a text is not a base URL.
impl From<BaseUrlError> for Error {
    fn from(error: BaseUrlError) -> Self {
        Self::config(error)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_appended_with_single_slashes() {
        for (base, uri) in [
            ("http://h:1", "http://h:1/api/v1/documents"),
            ("http://h:1/", "http://h:1/api/v1/documents"),
            ("http://h//", "http://h/api/v1/documents"),
            ("http://h:1/eq", "http://h:1/eq/api/v1/documents"),
            ("http://h:1/eq/", "http://h:1/eq/api/v1/documents"),
            ("http://h/eq//", "http://h/eq/api/v1/documents"),
            (" HTTPS://h/a/b ", "https://h/a/b/api/v1/documents"),
            ("http://[::1]:8080", "http://[::1]:8080/api/v1/documents"),
        ] {
            let base: BaseUrl = base.parse().unwrap();
            assert_eq!(base.join("/api/v1/documents".into(), None).unwrap().to_string(), uri);
        }
        let base: BaseUrl = "http://h/eq".parse().unwrap();
        assert_eq!(base.join("/x".into(), Some("a=1")).unwrap(), "http://h/eq/x?a=1");
    }

    #[test]
    fn a_path_never_leaves_the_server_or_the_prefix() {
        for base in ["http://eq.test", "http://eq.test/eq"] {
            let base: BaseUrl = base.parse().unwrap();
            for (path, said) in [
                ("@evil.test/x", "the path of an operation must begin with a slash"),
                (":1@evil.test/x", "the path of an operation must begin with a slash"),
                (".evil.test/x", "the path of an operation must begin with a slash"),
                ("", "the path of an operation must begin with a slash"),
                (
                    "/x?y=1",
                    "the path of an operation must not have a `?` or `#`: encode it, or give the query as the query",
                ),
                (
                    "/x#y",
                    "the path of an operation must not have a `?` or `#`: encode it, or give the query as the query",
                ),
                ("/../x", "no segment of an operation's path may be `.` or `..`, percent-encoded or not"),
                ("/a/%2E%2e", "no segment of an operation's path may be `.` or `..`, percent-encoded or not"),
                ("/a/.%2e/b", "no segment of an operation's path may be `.` or `..`, percent-encoded or not"),
                ("/./x", "no segment of an operation's path may be `.` or `..`, percent-encoded or not"),
                ("/a b", "the path or query of an operation cannot stand in a URL: percent-encode it"),
            ] {
                assert_eq!(base.join(path.into(), None).unwrap_err().to_string(), said, "{path}");
            }
            for path in ["/x", "/@evil.test", "/.../a", "/a%2e", "/%2f..", "//evil.test/x"] {
                let uri = base.join(path.into(), Some("q=..")).unwrap();
                assert_eq!(uri.authority().unwrap(), "eq.test", "{path}");
            }
        }
    }

    #[test]
    fn what_is_no_base_is_refused_without_being_repeated() {
        for (text, error) in [
            ("", BaseUrlError::Scheme),
            ("localhost:8080", BaseUrlError::Scheme),
            ("ftp://h", BaseUrlError::Scheme),
            ("http://", BaseUrlError::Malformed),
            ("http://::1:8080", BaseUrlError::Malformed),
            ("http://h:99999", BaseUrlError::Malformed),
            ("http://h:", BaseUrlError::Malformed),
            ("http://a b", BaseUrlError::Malformed),
            ("http://h/a\u{3000}/", BaseUrlError::Malformed),
            ("http://u:s3cr3t@h:1/eq", BaseUrlError::UserInfo),
            ("http://u:s3cr3t@h:1/eq?x=1#f", BaseUrlError::Query),
            ("http://h/?x", BaseUrlError::Query),
        ] {
            let refused = text.parse::<BaseUrl>().unwrap_err();
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains("s3cr3t"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(http://)?[ -~]{0,30}") {
            if let Ok(base) = text.parse::<BaseUrl>() {
                let again: BaseUrl = base.to_string().parse().unwrap();
                prop_assert_eq!(&again, &base);
                prop_assert!(base.join("/api".into(), None).is_ok());
            }
        }

        #[test]
        fn any_path_stays_with_the_server(path in "/?[ -~]{0,30}", query in prop::option::of("[ -~]{0,10}")) {
            let base: BaseUrl = "http://eq.test/eq".parse().unwrap();
            if let Ok(uri) = base.join(path.clone().into(), query.as_deref()) {
                // As it is written for a proxy, and read there.
                let again: Uri = uri.to_string().parse().unwrap();
                prop_assert_eq!(again.authority().unwrap(), "eq.test");
                prop_assert_eq!(again.path(), format!("/eq{path}"));
            }
        }
    }
}
