//! [`open`]: asks a SOCKS5 proxy for a tunnel (RFC 1928), with a user and a password where it wants them (RFC 1929).

use std::net::IpAddr;

use http::Uri;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::tunnel::{Reason, TunnelError};

const VERSION: u8 = 5;

/// Methods of authentication (RFC 1928, 3).
const NO_AUTHENTICATION: u8 = 0;
const USER_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xFF;

/// The version of the exchange of user and password (RFC 1929, 2).
const LOGIN_VERSION: u8 = 1;

const CONNECT: u8 = 1;

/// Types of addresses (RFC 1928, 5).
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Where a tunnel is to lead: an address, or a name that the proxy resolves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    Address(IpAddr, u16),
    Name(String, u16),
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address), port) => write!(f, "[{address}]:{port}"),
            Self::Address(address, port) => write!(f, "{address}:{port}"),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// Makes of a connection to `proxy` one to `destination`. Of the proxy's answers nothing is read that comes after them.
pub(super) async fn open<T>(
    stream: &mut T,
    proxy: &Uri,
    login: Option<(&str, &str)>,
    destination: &Destination,
) -> Result<(), TunnelError>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let opened = exchange(stream, login, destination).await;
    opened.map_err(|failure| match failure {
        Failure::Lost(error) => TunnelError::lost(proxy, error),
        Failure::Said(reason) => TunnelError::new(proxy, reason),
    })
}

enum Failure {
    Lost(std::io::Error),
    Said(Reason),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Lost(error)
    }
}

async fn exchange<T>(
    stream: &mut T,
    login: Option<(&str, &str)>,
    destination: &Destination,
) -> Result<(), Failure>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let request = request(destination).ok_or(Failure::Said(Reason::NameTooLong))?;
    let methods = [NO_AUTHENTICATION, USER_PASSWORD];
    let methods = if login.is_some() { &methods[..] } else { &methods[..1] };
    send(stream, &[&[VERSION, length(methods)], methods].concat()).await?;
    let [version, method] = receive(stream).await?;
    match (version, method, login) {
        (VERSION, NO_AUTHENTICATION, _) => {}
        (VERSION, USER_PASSWORD, Some((user, password))) => {
            let lengths = (length(user.as_bytes()), length(password.as_bytes()));
            let parts = [&[LOGIN_VERSION, lengths.0], user.as_bytes(), &[lengths.1], password.as_bytes()];
            send(stream, &parts.concat()).await?;
            let [_, status] = receive(stream).await?;
            if status != 0 {
                return Err(Failure::Said(Reason::LoginRefused));
            }
        }
        (VERSION, NONE_ACCEPTABLE, _) => return Err(Failure::Said(Reason::LoginRefused)),
        _ => return Err(Failure::Said(Reason::NotSocks)),
    }
    send(stream, &request).await?;
    let [version, reply] = receive(stream).await?;
    if version != VERSION {
        return Err(Failure::Said(Reason::NotSocks));
    }
    if reply != 0 {
        return Err(Failure::Said(Reason::Denied { destination: destination.to_string(), reply }));
    }
    // The address that the proxy uses itself is of no interest.
    let [_, kind] = receive(stream).await?;
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => {
            let [length] = receive(stream).await?;
            usize::from(length)
        }
        _ => return Err(Failure::Said(Reason::NotSocks)),
    };
    stream.read_exact(&mut vec![0; length + size_of::<u16>()]).await?;
    Ok(())
}

async fn send<T: AsyncWrite + Unpin>(stream: &mut T, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

async fn receive<T: AsyncRead + Unpin, const N: usize>(stream: &mut T) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// The length of what is known to be short: logins are checked when a proxy is configured.
fn length(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len()).unwrap_or(u8::MAX)
}

/// The request for a tunnel; `None` if a name is longer than can be said.
fn request(destination: &Destination) -> Option<Vec<u8>> {
    let mut request = vec![VERSION, CONNECT, 0];
    let port = match destination {
        Destination::Address(IpAddr::V4(address), port) => {
            request.push(IPV4);
            request.extend(address.octets());
            port
        }
        Destination::Address(IpAddr::V6(address), port) => {
            request.push(IPV6);
            request.extend(address.octets());
            port
        }
        Destination::Name(name, port) => {
            request.extend([NAME, u8::try_from(name.len()).ok()?]);
            request.extend(name.as_bytes());
            port
        }
    };
    request.extend(port.to_be_bytes());
    Some(request)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::duplex;

    use super::*;

    const LOGIN: Option<(&str, &str)> = Some(("user", "s3cr3t"));

    /// Asks a proxy that says these pieces, then closes. Gives what was asked, the outcome, and what came behind the tunnel's opening.
    async fn asked(
        login: Option<(&str, &str)>,
        destination: Destination,
        pieces: impl IntoIterator<Item = Vec<u8>>,
    ) -> (Vec<u8>, Result<Vec<u8>, TunnelError>) {
        let (mut ours, mut proxys) = duplex(64 * 1024);
        let proxy = "socks5h://proxy.test:1080".parse().unwrap();
        let answering = async {
            for piece in pieces {
                if proxys.write_all(&piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            proxys.shutdown().await.unwrap();
            let mut request = Vec::new();
            proxys.read_to_end(&mut request).await.unwrap();
            request
        };
        let opening = async {
            let opened = open(&mut ours, &proxy, login, &destination).await;
            let mut behind = Vec::new();
            if opened.is_ok() {
                ours.read_to_end(&mut behind).await.unwrap();
            }
            drop(ours);
            opened.map(|()| behind)
        };
        tokio::join!(answering, opening)
    }

    fn name() -> Destination {
        Destination::Name("eq.test".to_owned(), 443)
    }

    #[tokio::test]
    async fn the_words_are_those_of_the_rfc() {
        let opened = b"\x05\x00\x05\x00\x00\x01\x7F\x00\x00\x01\x00\x50after".to_vec();
        for (destination, words) in [
            (name(), &b"\x05\x01\x00\x05\x01\x00\x03\x07eq.test\x01\xBB"[..]),
            (
                Destination::Address([10, 0, 0, 1].into(), 80),
                b"\x05\x01\x00\x05\x01\x00\x01\x0A\x00\x00\x01\x00\x50",
            ),
            (
                Destination::Address([1, 0, 0, 0, 0, 0, 0, 2].into(), 258),
                b"\x05\x01\x00\x05\x01\x00\x04\x00\x01\0\0\0\0\0\0\0\0\0\0\0\0\x00\x02\x01\x02",
            ),
        ] {
            let (request, outcome) = asked(None, destination, [opened.clone()]).await;
            assert_eq!((&request[..], &outcome.unwrap()[..]), (words, &b"after"[..]));
        }
        // With a login, byte by byte, and a name for the proxy's own address.
        let answers = b"\x05\x02\x01\x00\x05\x00\x00\x03\x02ab\x00\x50after";
        let (request, outcome) = asked(LOGIN, name(), answers.iter().map(|byte| vec![*byte])).await;
        assert_eq!(outcome.unwrap(), b"after");
        assert_eq!(request, b"\x05\x02\x00\x02\x01\x04user\x06s3cr3t\x05\x01\x00\x03\x07eq.test\x01\xBB");
        // A login that nobody asks for is not told.
        let (request, outcome) = asked(LOGIN, name(), [opened]).await;
        assert!(outcome.is_ok() && !request.windows(4).any(|part| part == b"user"));
    }

    #[tokio::test]
    async fn each_refusal_says_what_it_is_and_whether_it_lasts() {
        let mut texts = Vec::new();
        let mut denied: Vec<Vec<u8>> = (1..=9).map(|reply| vec![5, 0, 5, reply]).collect();
        denied.extend(
            [
                &b"\x05\xFF"[..],
                b"\x05\x02\x01\x01",
                b"\x05\x07",
                b"HTTP/1.1 400",
                b"\x05\x00\x04\x00",
                b"\x05\x00\x05\x00\x00\x09",
                b"\x05\x00",
                b"\x05\x00\x05\x00\x00\x01\x7F",
            ]
            .map(Vec::from),
        );
        for answer in denied {
            let error = asked(LOGIN, name(), [answer]).await.1.unwrap_err();
            let shown = format!("{error:?}");
            assert!(!shown.contains("s3cr3t") && shown.contains("proxy.test"), "{shown}");
            texts.push(format!("{} {error}", if error.is_final() { "final" } else { "again" }));
        }
        let long = Destination::Name("x".repeat(256), 1);
        texts.push(asked(None, long, []).await.1.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @"
        again the proxy socks5h://proxy.test:1080 opened no tunnel to eq.test:443: it failed
        final the proxy socks5h://proxy.test:1080 opened no tunnel to eq.test:443: its rules do not allow it
        again the proxy socks5h://proxy.test:1080 opened no tunnel to eq.test:443: it has no way to that network
        again the proxy socks5h://proxy.test:1080 opened no tunnel to eq.test:443: it has no way to that host, or does not know its name
        again the proxy socks5h://proxy.test:1080 opened no tunnel to eq.test:443: the host refused the connection
        again the proxy socks5h://proxy.test:1080 opened no tunnel to eq.test:443: the host did not answer in time
        final the proxy socks5h://proxy.test:1080 opened no tunnel to eq.test:443: it supports no tunnels
        final the proxy socks5h://proxy.test:1080 opened no tunnel to eq.test:443: it supports no addresses of that kind
        again the proxy socks5h://proxy.test:1080 opened no tunnel to eq.test:443: it failed
        final the proxy socks5h://proxy.test:1080 requires a user and a password, or rejects those in its URL
        final the proxy socks5h://proxy.test:1080 requires a user and a password, or rejects those in its URL
        final the proxy socks5h://proxy.test:1080 did not answer with SOCKS5
        final the proxy socks5h://proxy.test:1080 did not answer with SOCKS5
        final the proxy socks5h://proxy.test:1080 did not answer with SOCKS5
        final the proxy socks5h://proxy.test:1080 did not answer with SOCKS5
        again the proxy socks5h://proxy.test:1080 closed the connection before it answered
        again the proxy socks5h://proxy.test:1080 closed the connection before it answered
        the proxy socks5h://proxy.test:1080 cannot be told a name of more than 255 bytes
        ");
    }

    proptest! {
        /// Whatever a proxy says, in whatever pieces: there is no panic, and what follows the opening is not eaten.
        #[test]
        fn only_a_success_opens(answer in prop::collection::vec(prop_oneof![0_u8..9, any::<u8>()], 0..40), size in 1_usize..40, login in any::<bool>()) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let login = LOGIN.filter(|_| login);
            let outcome = runtime.block_on(asked(login, name(), answer.chunks(size).map(<[u8]>::to_vec))).1;
            if let Ok(behind) = outcome {
                let rest = match answer[1] {
                    USER_PASSWORD if login.is_some() && answer[3] == 0 => &answer[4..],
                    NO_AUTHENTICATION => &answer[2..],
                    other => panic!("opened by method {other}"),
                };
                let address = match rest[3] { IPV4 => 4, IPV6 => 16, _ => 1 + usize::from(rest[4]) };
                prop_assert_eq!((answer[0], rest[0], rest[1]), (5, 5, 0));
                prop_assert_eq!(behind, &rest[4 + address + 2..]);
            }
        }
    }
}
