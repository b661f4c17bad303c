//! [`Proxies`]: which requests go through a proxy.
//!
//! Plain `http` to a proxy is forwarded by it, over a connection of its own for each request; for `https` it only passes bytes
//! through a tunnel (RFC 9110, 9.3.6) and sees no header of ours. Requests to this machine never go through a proxy, whatever the
//! variables say: it could not reach it, and it would read the credential.

use std::fmt;
use std::sync::Arc;

use edgequake_types::Origin;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// The variables that name proxies, upper case first, as curl reads them.
const VARIABLES: [(&str, &str); 3] =
    [("HTTPS_PROXY", "https_proxy"), ("HTTP_PROXY", "http_proxy"), ("ALL_PROXY", "all_proxy")];

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
#[doc(alias = "HTTP_PROXY")]
#[doc(alias = "HTTPS_PROXY")]
#[doc(alias = "NO_PROXY")]
#[derive(Clone)]
pub struct Proxies(Option<Rules>);

#[derive(Clone)]
struct Rules {
    matcher: Arc<Matcher>,
    /// Whether one of the proxies is spoken to in TLS.
    secure: bool,
}

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
    #[error("{name} must be an http or https proxy: {scheme} is not supported")]
    #[non_exhaustive]
    Scheme {
        /// Where the text came from: a variable, or `proxy`.
        name: &'static str,
        /// The scheme.
        scheme: String,
    },
}

impl Proxies {
    /// None at all.
    pub fn none() -> Self {
        Self(None)
    }

    /// Those of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, or their lower-case twins. Empty is unset.
    ///
    /// # Errors
    ///
    /// [`ProxyError`] naming the variable, when one cannot be used.
    pub fn from_env() -> Result<Self, ProxyError> {
        // What is not UTF-8 is no proxy, and is told as such.
        Self::from_lookup(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let first = |names: (&str, &str)| lookup(names.0).or_else(|| lookup(names.1)).unwrap_or_default();
        // A web server that runs a CGI program sets HTTP_PROXY from a request header of anybody's choice.
        if lookup("REQUEST_METHOD").is_some() {
            return Ok(Self::none());
        }
        let [https, http, all] = VARIABLES.map(|names| (names.0, first(names).trim().to_owned()));
        for (name, text) in [&https, &http, &all] {
            check(name, text)?;
        }
        if [&https, &http, &all].iter().all(|(_, text)| text.is_empty()) {
            return Ok(Self::none());
        }
        let no = first(("NO_PROXY", "no_proxy"));
        let secure = [&https, &http, &all].iter().any(|(_, text)| is_secure(text));
        let matcher = Matcher::builder().https(https.1).http(http.1).all(all.1).no(no).build();
        Ok(Self(Some(Rules { matcher: Arc::new(matcher), secure })))
    }

    /// One proxy for everything but this machine and the hosts of `except`, a list as in `NO_PROXY`.
    ///
    /// # Errors
    ///
    /// [`ProxyError`] when the text is not a proxy.
    pub fn all(proxy: &str, except: &str) -> Result<Self, ProxyError> {
        let proxy = proxy.trim();
        check("proxy", proxy)?;
        let matcher = Matcher::builder().all(proxy.to_owned()).no(except.to_owned()).build();
        Ok(Self(Some(Rules { matcher: Arc::new(matcher), secure: is_secure(proxy) })))
    }

    /// Whether one of the proxies is spoken to in TLS, which takes a trust store even for plain `http` behind it.
    pub(super) fn are_secure(&self) -> bool {
        self.0.as_ref().is_some_and(|rules| rules.secure)
    }

    /// The proxy for a destination.
    pub(super) fn intercept(&self, destination: &Uri) -> Option<Intercept> {
        let Rules { matcher, .. } = self.0.as_ref()?;
        let origin = Origin::of(destination).ok()?;
        if origin.is_loopback() { None } else { matcher.intercept(destination) }
    }

    /// The value for `Proxy-Authorization` of a request that a proxy forwards; tunnels carry it in their own request.
    pub(super) fn forward_authorization(&self, destination: &Uri) -> Option<HeaderValue> {
        if self.0.is_none() || destination.scheme_str() != Some("http") {
            return None;
        }
        self.intercept(destination)?.basic_auth().cloned()
    }
}

fn is_secure(proxy: &str) -> bool {
    proxy.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

fn check(name: &'static str, text: &str) -> Result<(), ProxyError> {
    if text.is_empty() {
        return Ok(());
    }
    let malformed = ProxyError::Malformed { name };
    let uri: Uri = text.parse().map_err(|_| malformed.clone())?;
    match uri.scheme_str() {
        None | Some("http" | "https") => {}
        Some(scheme) => return Err(ProxyError::Scheme { name, scheme: scheme.to_owned() }),
    }
    if uri.host().is_none_or(str::is_empty) { Err(malformed) } else { Ok(()) }
}

/// Names the proxies' addresses, without their passwords.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(Rules { matcher, .. }) => matcher.fmt(f),
            None => f.write_str("Proxies(none)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&'static str, &str)]) -> Result<Proxies, ProxyError> {
        Proxies::from_lookup(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn through(proxies: &Proxies, destination: &str) -> Option<String> {
        proxies.intercept(&destination.parse().unwrap()).map(|found| found.uri().to_string())
    }

    #[test]
    fn empty_is_none_and_a_bare_address_is_an_http_proxy() {
        assert_eq!(through(&proxies(&[("HTTPS_PROXY", "")]).unwrap(), "https://h"), None);
        let bare = proxies(&[("https_proxy", " 127.0.0.1:3128 ")]).unwrap();
        assert_eq!(through(&bare, "https://h").as_deref(), Some("http://127.0.0.1:3128/"));
        assert_eq!(through(&bare, "http://h"), None);
    }

    #[test]
    fn what_cannot_be_used_is_an_error_that_names_the_variable_only() {
        for (text, said) in [
            (
                "::bad::",
                "HTTPS_PROXY must be a proxy like http://user:password@host:port, or host:port; unset it to use none",
            ),
            ("socks5://u:s3cr3t@h:1", "HTTPS_PROXY must be an http or https proxy: socks5 is not supported"),
            (
                "http://u:s3cr3t pw@h",
                "HTTPS_PROXY must be a proxy like http://user:password@host:port, or host:port; unset it to use none",
            ),
        ] {
            assert_eq!(proxies(&[("HTTPS_PROXY", text)]).unwrap_err().to_string(), said);
        }
    }

    #[test]
    fn this_machine_is_never_behind_a_proxy() {
        let all = proxies(&[("ALL_PROXY", "http://proxy.test:1")]).unwrap();
        for destination in ["http://127.0.0.1:8080", "http://localhost", "https://[::1]:1"] {
            assert_eq!(through(&all, destination), None, "{destination}");
        }
        assert!(through(&all, "http://eq.example.com").is_some());
    }

    #[test]
    fn exceptions_in_their_usual_forms() {
        let proxies =
            proxies(&[("ALL_PROXY", "http://p:1"), ("NO_PROXY", "example.com, .corp.test,10.0.0.0/8")])
                .unwrap();
        for (destination, direct) in [
            ("https://example.com", true),
            ("https://eq.example.com", true),
            ("https://notexample.com", false),
            ("https://a.corp.test", true),
            ("https://10.1.2.3", true),
            ("https://11.1.2.3", false),
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
        let cgi = proxies(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil.test:1")]).unwrap();
        assert_eq!(through(&cgi, "http://h"), None);
    }
}
