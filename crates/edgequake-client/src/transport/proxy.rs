//! [`Proxies`]: which requests go through a proxy.
//!
//! An HTTP proxy forwards plain `http`, over a connection of its own for each request; for `https` it only passes bytes through a
//! tunnel (RFC 9110, 9.3.6) and sees no header of ours. A SOCKS proxy passes bytes for both (RFC 1928). Requests to this machine never
//! go through a proxy, whatever the variables say: it could not reach it, and it would read the credential.

use std::fmt;
use std::sync::Arc;

use edgequake_types::Origin;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::no_proxy::NoProxy;

/// The variables that name proxies, in the order in which they are read.
const VARIABLES: [[&str; 2]; 3] =
    [["HTTPS_PROXY", "https_proxy"], ["HTTP_PROXY", "http_proxy"], ["ALL_PROXY", "all_proxy"]];

/// The longest user or password that a SOCKS proxy can be told (RFC 1929, 2).
const SOCKS_LOGIN: usize = 255;

/// Which proxies to use, and for what. By default a client uses those of the environment.
///
/// ```no_run
/// use edgequake_client::{Client, HttpTransport, Proxies};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let proxies = Proxies::all("http://user:password@proxy.corp.example:3128", ".corp.example, 10.0.0.0/8")?;
/// let transport = HttpTransport::builder().proxies(proxies);
/// let client = Client::builder().base_url("https://eq.example.com").transport(transport).build()?;
///
/// // No proxy, whatever the environment says.
/// let direct = HttpTransport::builder().proxies(Proxies::none());
/// # drop((client, direct));
/// # Ok(())
/// # }
/// ```
///
/// A proxy is `SCHEME://USER:PASSWORD@HOST:PORT`, of which only the host is needed; characters of user and password that mean something in
/// a URL are percent-encoded.
///
/// | scheme | the proxy speaks |
/// |---|---|
/// | `http`, or none | HTTP; port 80 where none is named |
/// | `https` | HTTP over TLS, with a certificate that the transport trusts; port 443 |
/// | `socks5` | SOCKS5, and is told the server's address, which is looked up here (of several, as without a proxy: the next one after a failure or 250 ms, and the first that answers); port 1080 |
/// | `socks5h` | SOCKS5, and is told the server's name, which it looks up itself; port 1080 |
///
/// Of the environment, the first of these counts that is neither unset nor empty nor blank:
///
/// | for | variables |
/// |---|---|
/// | `https` URLs | `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY`, `all_proxy` |
/// | `http` URLs | `HTTP_PROXY`, `http_proxy`, `ALL_PROXY`, `all_proxy` |
/// | hosts that are reached without a proxy | `NO_PROXY`, `no_proxy` |
///
/// Hosts that are reached without a proxy are listed in `NO_PROXY`, between commas or blanks, in upper or lower case:
///
/// | entry | what is reached without a proxy |
/// |---|---|
/// | `*` | everything |
/// | `example.com`, `.example.com`, `example.com.` | the host `example.com` and all names below it |
/// | `*.example.com`, `eq-*.example.com` | names that match, where `*` stands for any characters; not `example.com` itself |
/// | `10.0.0.1`, `2001:db8::1`, `[2001:db8::1]` | the address; names are not looked up for this |
/// | `10.0.0.0/8`, `2001:db8::/32` | all addresses of the network |
/// | `10.1.*` | addresses that match as text |
/// | any of them but a network in IPv6, with a port: `example.com:8443`, `10.0.0.1:8443`, `[2001:db8::1]:8443`, `*:8443` | that port only |
///
/// Loopback addresses, `localhost` and the names below it are never asked for through a proxy.
#[doc(alias = "HTTP_PROXY")]
#[doc(alias = "HTTPS_PROXY")]
#[doc(alias = "ALL_PROXY")]
#[doc(alias = "NO_PROXY")]
#[doc(alias = "SOCKS")]
#[derive(Clone)]
pub struct Proxies(Option<Arc<Rules>>);

struct Rules {
    https: Choice,
    http: Choice,
    none: NoProxy,
}

/// The proxy for a scheme. What cannot be used is an error once a request needs it.
type Choice = Option<Result<Intercept, ProxyError>>;

/// A proxy that cannot be used. Never repeats the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The text is not a URL with a host.
    #[error("{name} must be a proxy like http://user:password@host:port, or host:port; unset it to use none")]
    #[non_exhaustive]
    Malformed {
        /// Where the text came from: a variable, or `proxy`.
        name: &'static str,
    },
    /// A scheme that is not supported.
    #[error("{name} must be an http, https, socks5 or socks5h proxy: {scheme} is not supported")]
    #[non_exhaustive]
    Scheme {
        /// Where the text came from: a variable, or `proxy`.
        name: &'static str,
        /// The scheme.
        scheme: String,
    },
    /// A user or password that SOCKS cannot tell.
    #[error("{name} must have a user and a password of at most 255 bytes each: SOCKS5 knows no longer ones")]
    #[non_exhaustive]
    LoginTooLong {
        /// Where the text came from: a variable, or `proxy`.
        name: &'static str,
    },
}

impl Proxies {
    /// None at all.
    pub fn none() -> Self {
        Self(None)
    }

    /// Those of `HTTPS_PROXY` and `HTTP_PROXY`, for URLs of that scheme, or else of `ALL_PROXY`; but for the hosts of `NO_PROXY`. Each is
    /// read in lower case where it is not set, or empty, in upper case: see the [table](Self).
    ///
    /// A variable that is no proxy is told by the first request that would go through it, as an error of the kind
    /// [`Connect`](crate::ErrorKind::Connect), with a [`ProxyError`] inside; others never hear of it. A program that a web server runs by CGI
    /// uses no proxy, since the server sets `HTTP_PROXY` from a request header of anybody's choice.
    pub fn from_env() -> Self {
        // What is not UTF-8 is no proxy, and is told as such.
        Self::from_lookup(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            let set = names.into_iter().filter_map(|name| Some((name, lookup(name)?)));
            set.into_iter().find(|(_, value)| !value.trim().is_empty())
        };
        if lookup("REQUEST_METHOD").is_some() {
            return Self::none();
        }
        let [https, http, all] =
            VARIABLES.map(|names| first(names).and_then(|(name, value)| choose(name, &value)));
        if https.is_none() && http.is_none() && all.is_none() {
            return Self::none();
        }
        let none = NoProxy::parse(&first(["NO_PROXY", "no_proxy"]).unwrap_or_default().1);
        Self(Some(Arc::new(Rules { https: https.or_else(|| all.clone()), http: http.or(all), none })))
    }

    /// One proxy for everything but this machine and the hosts of `except`, a list as in `NO_PROXY`.
    ///
    /// # Errors
    ///
    /// [`ProxyError`] when the text is not a proxy.
    pub fn all(proxy: &str, except: &str) -> Result<Self, ProxyError> {
        let proxy = choose("proxy", proxy).transpose()?.map(Ok);
        let none = NoProxy::parse(except);
        Ok(Self(Some(Arc::new(Rules { https: proxy.clone(), http: proxy, none }))))
    }

    /// The proxy for a destination.
    pub(super) fn intercept(&self, destination: &Uri) -> Result<Option<&Intercept>, ProxyError> {
        let Some(rules) = &self.0 else { return Ok(None) };
        let choice = match destination.scheme_str() {
            Some("https") => &rules.https,
            _ => &rules.http,
        };
        let (Some(proxy), Ok(origin)) = (choice, Origin::of(destination)) else { return Ok(None) };
        if origin.is_loopback() || rules.none.covers(&origin) {
            return Ok(None);
        }
        proxy.as_ref().map(Some).map_err(Clone::clone)
    }

    /// The value for `Proxy-Authorization` of a request that a proxy forwards; tunnels carry it in their own request.
    pub(super) fn forward_authorization(&self, destination: &Uri) -> Option<&HeaderValue> {
        if self.0.is_none() || destination.scheme_str() != Some("http") {
            return None;
        }
        self.intercept(destination).ok()??.basic_auth()
    }
}

/// Whether a proxy speaks SOCKS.
pub(super) fn is_socks(proxy: &Intercept) -> bool {
    matches!(proxy.uri().scheme_str(), Some("socks5" | "socks5h"))
}

/// Reads what names a proxy; `None` if it is empty.
fn choose(name: &'static str, text: &str) -> Choice {
    let text = text.trim();
    (!text.is_empty()).then(|| parse(name, text))
}

fn parse(name: &'static str, text: &str) -> Result<Intercept, ProxyError> {
    let malformed = ProxyError::Malformed { name };
    let uri: Uri = text.parse().map_err(|_| malformed.clone())?;
    match uri.scheme_str() {
        None | Some("http" | "https" | "socks5" | "socks5h") => {}
        Some(scheme) => return Err(ProxyError::Scheme { name, scheme: scheme.to_owned() }),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(malformed);
    }
    let any = Uri::from_static("http://any.test/");
    let proxy = Matcher::builder().all(text).build().intercept(&any).ok_or(malformed)?;
    match proxy.raw_auth() {
        Some((user, password)) if user.len().max(password.len()) > SOCKS_LOGIN => {
            Err(ProxyError::LoginTooLong { name })
        }
        _ => Ok(proxy),
    }
}

/// Names the proxies' addresses, without their passwords.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_deref() {
            Some(Rules { https, http, none }) => f
                .debug_struct("Proxies")
                .field("https", https)
                .field("http", http)
                .field("none", none)
                .finish(),
            None => f.write_str("Proxies(none)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&'static str, &str)]) -> Proxies {
        Proxies::from_lookup(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn through(proxies: &Proxies, destination: &str) -> Option<String> {
        let found = proxies.intercept(&destination.parse().unwrap()).unwrap();
        found.map(|found| found.uri().to_string())
    }

    #[test]
    fn empty_is_none_and_a_bare_address_is_an_http_proxy() {
        assert_eq!(through(&proxies(&[("HTTPS_PROXY", "")]), "https://h"), None);
        let bare = proxies(&[("https_proxy", " 127.0.0.1:3128 ")]);
        assert_eq!(through(&bare, "https://h").as_deref(), Some("http://127.0.0.1:3128/"));
        assert_eq!(through(&bare, "http://h"), None);
    }

    #[test]
    fn an_empty_variable_hides_no_other() {
        for empty in ["", "  "] {
            let lower = proxies(&[("HTTPS_PROXY", empty), ("https_proxy", "p:1"), ("ALL_PROXY", "q:1")]);
            assert_eq!(through(&lower, "https://h").as_deref(), Some("http://p:1/"));
            let all = proxies(&[
                ("HTTP_PROXY", empty),
                ("http_proxy", empty),
                ("ALL_PROXY", empty),
                ("all_proxy", "q:1"),
            ]);
            assert_eq!(through(&all, "http://h").as_deref(), Some("http://q:1/"));
            let except = proxies(&[("ALL_PROXY", "q:1"), ("NO_PROXY", empty), ("no_proxy", "h")]);
            assert_eq!(through(&except, "http://h"), None);
        }
        let upper = proxies(&[("HTTPS_PROXY", "p:1"), ("https_proxy", "q:1")]);
        assert_eq!(through(&upper, "https://h").as_deref(), Some("http://p:1/"));
        // The one that was read is the one that is named.
        let lower = proxies(&[("HTTPS_PROXY", ""), ("https_proxy", "socks4://h")]);
        let error = lower.intercept(&"https://h".parse().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "https_proxy must be an http, https, socks5 or socks5h proxy: socks4 is not supported"
        );
    }

    #[test]
    fn what_cannot_be_used_is_told_to_those_who_need_it_only() {
        const MALFORMED: &str = "HTTPS_PROXY must be a proxy like http://user:password@host:port, or host:port; unset it to use none";
        let long = format!("socks5://u:{}@h", "s3cr3t".repeat(50));
        for (text, said) in [
            ("::bad::", MALFORMED),
            ("http://", MALFORMED),
            ("http://u:s3cr3t pw@h", MALFORMED),
            (
                "socks4://u:s3cr3t@h:1",
                "HTTPS_PROXY must be an http, https, socks5 or socks5h proxy: socks4 is not supported",
            ),
            (
                &long,
                "HTTPS_PROXY must have a user and a password of at most 255 bytes each: SOCKS5 knows no longer ones",
            ),
        ] {
            let proxies =
                proxies(&[("HTTPS_PROXY", text), ("ALL_PROXY", "http://p:1"), ("NO_PROXY", "direct.test")]);
            let error = proxies.intercept(&"https://h".parse().unwrap()).unwrap_err();
            assert_eq!(error.to_string(), said);
            assert!(!format!("{proxies:?}").contains("s3cr3t"), "{proxies:?}");
            for direct in ["https://direct.test", "https://localhost:1", "https://127.0.0.1"] {
                assert_eq!(through(&proxies, direct), None);
            }
            assert_eq!(through(&proxies, "http://h").as_deref(), Some("http://p:1/"));
        }
        assert!(Proxies::all("socks4://h", "").is_err());
    }

    #[test]
    fn socks_proxies_have_no_authorization_of_http() {
        let proxies = proxies(&[("ALL_PROXY", "socks5h://u:p%40@[2001:db8::1]:9")]);
        for uri in ["https://h", "http://h"].map(|uri| uri.parse().unwrap()) {
            let found = proxies.intercept(&uri).unwrap().unwrap();
            assert!(is_socks(found));
            assert_eq!(
                (found.uri().to_string().as_str(), found.raw_auth()),
                ("socks5h://[2001:db8::1]:9/", Some(("u", "p@")))
            );
            assert_eq!(proxies.forward_authorization(&uri), None);
        }
    }

    #[test]
    fn this_machine_is_never_behind_a_proxy() {
        let all = proxies(&[("ALL_PROXY", "http://proxy.test:1")]);
        for destination in ["http://127.0.0.1:8080", "http://localhost", "https://[::1]:1"] {
            assert_eq!(through(&all, destination), None, "{destination}");
        }
        assert!(through(&all, "http://eq.example.com").is_some());
    }

    #[test]
    fn excluded_hosts_are_reached_directly_by_either_scheme() {
        let proxies = proxies(&[("ALL_PROXY", "http://p:1"), ("no_proxy", "example.com,10.0.0.0/8")]);
        for (destination, direct) in [
            ("https://eq.example.com", true),
            ("http://example.com:1", true),
            ("https://10.1.2.3", true),
            ("https://notexample.com", false),
        ] {
            assert_eq!(through(&proxies, destination).is_none(), direct, "{destination}");
        }
    }

    #[test]
    fn a_password_is_decoded_for_the_proxy_and_hidden_from_debug() {
        let proxies = Proxies::all("http://user:P%40ss%3Aw%25rd@proxy.test:1", "").unwrap();
        let authorization = proxies.forward_authorization(&"http://h/".parse().unwrap()).unwrap();
        assert_eq!(authorization, "Basic dXNlcjpQQHNzOnclcmQ=");
        assert!(authorization.is_sensitive());
        assert_eq!(proxies.forward_authorization(&"https://h/".parse().unwrap()), None);
        let shown = format!("{proxies:?}");
        assert!(
            !shown.contains("P%40ss") && !shown.contains("dXNl") && shown.contains("proxy.test"),
            "{shown}"
        );
    }

    #[test]
    fn a_cgi_program_uses_no_proxy() {
        let cgi = proxies(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil.test:1")]);
        assert_eq!(through(&cgi, "http://h"), None);
    }
}
