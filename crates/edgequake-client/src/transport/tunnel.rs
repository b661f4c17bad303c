//! [`open`]: asks an HTTP proxy for a tunnel (RFC 9110, 9.3.6). [`TunnelError`]: why a proxy opens none, whatever it speaks.

use edgequake_types::Origin;
use http::{HeaderValue, StatusCode, Uri};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::boxed::BoxError;
use crate::fault::Fault;

/// The longest head of a proxy's answer that is read, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;

/// Most headers that a proxy's answer may have.
const HEADERS: usize = 64;

/// Why a proxy was of no use. Names the proxy without its password.
#[derive(Debug, thiserror::Error)]
#[error("the proxy {proxy} {reason}")]
pub(crate) struct TunnelError {
    proxy: String,
    reason: Reason,
    #[source]
    source: Option<BoxError>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Reason {
    #[error("cannot be reached")]
    Unreachable,
    #[error("closed the connection before it answered")]
    Lost,
    #[error("requires a user and a password, or rejects those in its URL ({})", status.as_u16())]
    Unauthorized { status: StatusCode },
    #[error("opened no tunnel to {destination}: it answered {status}")]
    Refused { destination: String, status: StatusCode },
    #[error("did not answer with HTTP")]
    Malformed,
    #[error("did not answer with SOCKS5")]
    NotSocks,
    #[error("requires a user and a password, or rejects those in its URL")]
    LoginRefused,
    #[error("opened no tunnel to {destination}: {}", said(*.reply))]
    Denied {
        destination: String,
        /// RFC 1928, 6.
        reply: u8,
    },
    #[error("cannot be told a name of more than 255 bytes")]
    NameTooLong,
    #[error("cannot be told where to: the name has no address")]
    NoAddress,
}

/// What a SOCKS proxy means by its reply.
fn said(reply: u8) -> &'static str {
    match reply {
        NOT_ALLOWED => "its rules do not allow it",
        3 => "it has no way to that network",
        4 => "it has no way to that host, or does not know its name",
        5 => "the host refused the connection",
        6 => "the host did not answer in time",
        NO_TUNNELS => "it supports no tunnels",
        NO_SUCH_ADDRESSES => "it supports no addresses of that kind",
        _ => "it failed",
    }
}

/// Replies of SOCKS that are the same at another time.
const NOT_ALLOWED: u8 = 2;
const NO_TUNNELS: u8 = 7;
const NO_SUCH_ADDRESSES: u8 = 8;

impl TunnelError {
    pub(super) fn new(proxy: &Uri, reason: Reason) -> Self {
        Self { proxy: name(proxy), reason, source: None }
    }

    /// The connection to the proxy broke.
    pub(super) fn lost(proxy: &Uri, error: std::io::Error) -> Self {
        Self { source: Some(error.into()), ..Self::new(proxy, Reason::Lost) }
    }

    /// No connection to the proxy itself.
    pub(super) fn unreachable(proxy: &Uri, source: BoxError) -> Self {
        Self { source: Some(source), ..Self::new(proxy, Reason::Unreachable) }
    }

    /// The error with what it means for another try.
    pub(super) fn marked(self) -> BoxError {
        if self.is_final() { Fault::Proxy.mark(self).into() } else { self.into() }
    }

    /// Whether the proxy would say the same at another time: it is about who asks, or for what.
    pub(super) fn is_final(&self) -> bool {
        match &self.reason {
            Reason::Unauthorized { .. }
            | Reason::Malformed
            | Reason::NotSocks
            | Reason::LoginRefused
            | Reason::NameTooLong => true,
            Reason::Denied { reply, .. } => {
                matches!(*reply, NOT_ALLOWED | NO_TUNNELS | NO_SUCH_ADDRESSES)
            }
            Reason::Refused { status, .. } => {
                status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429)
            }
            Reason::Unreachable | Reason::Lost | Reason::NoAddress => false,
        }
    }

    /// Whether a SOCKS proxy may do for another address what it did not do for this one.
    pub(super) fn is_of_destination(&self) -> bool {
        matches!(self.reason, Reason::Denied { .. } | Reason::Lost)
    }

    /// Of two addresses that failed: the first, unless another try may help only with the other.
    pub(super) fn most_telling(earlier: Option<Self>, later: Self) -> Self {
        match earlier {
            Some(earlier) if !earlier.is_final() || later.is_final() => earlier,
            _ => later,
        }
    }
}

/// Scheme, host and port.
fn name(uri: &Uri) -> String {
    // A proxy's URI has lost its user and password by now.
    let as_written = || {
        let (scheme, authority) = (uri.scheme_str().unwrap_or_default(), uri.authority());
        format!("{scheme}://{}", authority.map_or("", |authority| authority.as_str()))
    };
    Origin::of(uri).map_or_else(|_| as_written(), |origin| origin.to_string())
}

/// Makes of a connection to `proxy` one to `destination`.
pub(super) async fn open<T>(
    stream: &mut T,
    proxy: &Uri,
    authorization: Option<&HeaderValue>,
    destination: &Uri,
) -> Result<(), TunnelError>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let fail = |reason| TunnelError::new(proxy, reason);
    let lost = |error: std::io::Error| TunnelError::lost(proxy, error);
    let host = destination.host().unwrap_or_default();
    let authority = format!("{host}:{}", destination.port_u16().unwrap_or(443));
    stream.write_all(&head(&authority, authorization)).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;

    let mut answer = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut answer).await.map_err(lost)? == 0 {
            return Err(fail(Reason::Lost));
        }
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut parsed = httparse::Response::new(&mut headers);
        let complete = parsed.parse(&answer).map_err(|_| fail(Reason::Malformed))?.is_complete();
        let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
        match status.filter(|_| complete) {
            // Nothing can follow the head: the destination waits for us to begin with TLS.
            Some(status) if status.is_success() => return Ok(()),
            // tinyproxy says 401 of a wrong password, which no destination can have said.
            Some(status @ (StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED)) => {
                return Err(fail(Reason::Unauthorized { status }));
            }
            Some(status) => return Err(fail(Reason::Refused { destination: authority, status })),
            None if complete || answer.len() > HEAD_LIMIT => return Err(fail(Reason::Malformed)),
            None => {}
        }
    }
}

fn head(authority: &str, authorization: Option<&HeaderValue>) -> Vec<u8> {
    let mut head = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        head.extend_from_slice(b"Proxy-Authorization: ");
        head.extend_from_slice(authorization.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::duplex;

    use super::*;

    /// Asks a proxy that answers with these pieces, then closes. Gives what was asked, and the outcome.
    async fn asked(pieces: impl IntoIterator<Item = Vec<u8>>) -> (String, Result<(), TunnelError>) {
        let (mut ours, mut proxys) = duplex(64 * 1024);
        let proxy = "http://proxy.test:3128".parse().unwrap();
        let mut authorization = HeaderValue::from_static("Basic c2VjcmV0");
        authorization.set_sensitive(true);
        let answering = async {
            let mut request = vec![0; 4096];
            let length = proxys.read(&mut request).await.unwrap();
            request.truncate(length);
            for piece in pieces {
                if proxys.write_all(&piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(proxys);
            String::from_utf8(request).unwrap()
        };
        let destination = "https://eq.test/api".parse().unwrap();
        let opening = async {
            let opened = open(&mut ours, &proxy, Some(&authorization), &destination).await;
            drop(ours);
            opened
        };
        tokio::join!(answering, opening)
    }

    #[tokio::test]
    async fn the_request_has_the_form_of_the_rfc() {
        let (request, opened) = asked([b"HTTP/1.1 200 OK\r\n\r\n".to_vec()]).await;
        opened.unwrap();
        assert_eq!(
            request,
            "CONNECT eq.test:443 HTTP/1.1\r\nHost: eq.test:443\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n"
        );
    }

    #[tokio::test]
    async fn any_success_in_any_pieces_opens() {
        for answer in ["HTTP/1.0 200 Connection established\r\nVia: p\r\n\r\n", "HTTP/1.1 204 X\r\n\r\n"] {
            asked(answer.bytes().map(|byte| vec![byte])).await.1.unwrap();
        }
    }

    proptest! {
        /// Whatever a proxy answers, in whatever pieces: a tunnel is open after a whole head of a success, and never else.
        #[test]
        fn only_a_whole_head_of_a_success_opens(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    &b"HTTP/1.1 200 OK\r\n"[..], b"HTTP/1.0 204\r\n", b"HTTP/1.1 407 No\r\n", b"HTTP/1.1 302 X\n",
                    b"Via: p\r\n", b"\r\n", b"\n", b"\0", b"\xFF: \xFF\r\n", b"HTTP/2 200", b" ",
                ]),
                0..6,
            ),
            size in 1_usize..40,
        ) {
            let answer = parts.concat();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let opened = runtime.block_on(asked(answer.chunks(size).map(<[u8]>::to_vec))).1;
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut head = httparse::Response::new(&mut headers);
            let whole = head.parse(&answer).is_ok_and(|status| status.is_complete());
            let is_success = whole && head.code.is_some_and(|code| (200..300).contains(&code));
            prop_assert_eq!(opened.is_ok(), is_success, "{:?}", opened);
        }
    }

    #[tokio::test]
    async fn each_refusal_says_what_it_is_and_whether_it_lasts() {
        let many = (0..100).map(|n| format!("H{n}: v\r\n")).collect::<String>();
        let endless = "x".repeat(20_000);
        let mut texts = Vec::new();
        for answer in [
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_owned(),
            "HTTP/1.0 401 Unauthorized\r\n\r\n".to_owned(),
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno".to_owned(),
            "HTTP/1.1 502 Bad Gateway\r\n\r\n".to_owned(),
            "HTTP/1.1 429 Slow Down\r\n\r\n".to_owned(),
            "SSH-2.0-OpenSSH\r\n".to_owned(),
            format!("HTTP/1.1 200 OK\r\nX: {endless}"),
            format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
            "HTTP/1.1 200 OK\r\nVia: ".to_owned(),
            String::new(),
        ] {
            let error = asked([answer.into_bytes()]).await.1.unwrap_err();
            let shown = format!("{error:?}");
            assert!(!shown.contains("c2VjcmV0") && shown.contains("proxy.test"), "{shown}");
            texts.push(format!("{} {error}", if error.is_final() { "final" } else { "again" }));
        }
        insta::assert_snapshot!(texts.join("\n"), @"
        final the proxy http://proxy.test:3128 requires a user and a password, or rejects those in its URL (407)
        final the proxy http://proxy.test:3128 requires a user and a password, or rejects those in its URL (401)
        final the proxy http://proxy.test:3128 opened no tunnel to eq.test:443: it answered 403 Forbidden
        again the proxy http://proxy.test:3128 opened no tunnel to eq.test:443: it answered 502 Bad Gateway
        again the proxy http://proxy.test:3128 opened no tunnel to eq.test:443: it answered 429 Too Many Requests
        final the proxy http://proxy.test:3128 did not answer with HTTP
        final the proxy http://proxy.test:3128 did not answer with HTTP
        final the proxy http://proxy.test:3128 did not answer with HTTP
        again the proxy http://proxy.test:3128 closed the connection before it answered
        again the proxy http://proxy.test:3128 closed the connection before it answered
        ");
    }
}
