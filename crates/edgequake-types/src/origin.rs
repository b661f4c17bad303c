//! [`Origin`]: scheme, host and port, the unit that credentials belong to (RFC 6454).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

/// Where a credential belongs: scheme, host and port, compared after normalisation.
///
/// Host names are compared without case, and a missing port is the default one of its scheme, so
/// `https://API.example.com` and `https://api.example.com:443` are the same origin, while `http://` is another.
///
/// ```
/// use edgequake_types::Origin;
///
/// let origin: Origin = "https://API.example.com".parse()?;
/// assert_eq!(origin, "https://api.example.com:443/api/v1".parse()?);
/// assert_ne!(origin, "http://api.example.com:443".parse()?);
/// assert_eq!(origin.to_string(), "https://api.example.com");
/// # Ok::<(), edgequake_types::OriginError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    secure: bool,
    host: Box<str>,
    port: u16,
}

/// Why a URL has no origin. Never carries the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Not a URL at all.
    #[error("not a URL: expected something like https://host:port")]
    Malformed,
    /// The scheme is neither `http` nor `https`.
    #[error("the scheme must be http or https")]
    Scheme,
    /// There is no host.
    #[error("the host is missing")]
    Host,
}

impl Origin {
    /// Reads the origin of an absolute URI. User-info, path and query play no part.
    ///
    /// # Errors
    ///
    /// [`OriginError::Scheme`] for anything but `http` and `https`, [`OriginError::Host`] without a host.
    pub fn of(uri: &Uri) -> Result<Self, OriginError> {
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(OriginError::Scheme),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(OriginError::Host)?;
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { secure, host: host.to_ascii_lowercase().into(), port })
    }

    /// Whether `uri` lies within this origin; allocates nothing, for use on every request.
    pub fn covers(&self, uri: &Uri) -> bool {
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return false,
        };
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        secure == self.secure
            && port == self.port
            && uri.host().is_some_and(|host| host.eq_ignore_ascii_case(&self.host))
    }

    /// Whether the scheme is `https`.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the host is this machine: `localhost`, a name below `.localhost` (RFC 6761, 6.3), or a loopback
    /// address (`127.0.0.0/8`, `::1`).
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_end_matches('.');
        if host == "localhost" || host.ends_with(".localhost") {
            return true;
        }
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        literal.parse::<IpAddr>().is_ok_and(|address| match address {
            IpAddr::V4(v4) => v4.is_loopback(),
            IpAddr::V6(v6) => {
                v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|mapped| mapped.is_loopback())
            }
        })
    }

    /// The host in lower case, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's default one when the URL named none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::of(&text.parse::<Uri>().map_err(|_| OriginError::Malformed)?)
    }
}

/// The serialization of RFC 6454, 6.2: the port only where it is not the default one.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.host)?;
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_only() {
        for (url, loopback) in [
            ("http://localhost:8080", true),
            ("http://LOCALHOST", true),
            ("http://localhost.:1", true),
            ("http://eq.localhost", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:9", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.nip.io", false),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0", false),
            ("http://notlocalhost", false),
        ] {
            let origin: Origin = url.parse().unwrap();
            assert_eq!(origin.is_loopback(), loopback, "{url}");
        }
    }

    #[test]
    fn covers_compares_scheme_host_and_port() {
        let origin: Origin = "https://api.example.com".parse().unwrap();
        for (uri, covered) in [
            ("https://API.example.com/x?y", true),
            ("https://api.example.com:443/", true),
            ("https://api.example.com:8443/", false),
            ("http://api.example.com/", false),
            ("http://api.example.com:443/", false),
            ("https://api.example.com.evil.test/", false),
            ("/relative", false),
        ] {
            assert_eq!(origin.covers(&uri.parse().unwrap()), covered, "{uri}");
        }
    }

    #[test]
    fn errors_do_not_repeat_the_url() {
        for url in ["ftp://u:pw@host", "::bad pw", "/pw"] {
            let error = url.parse::<Origin>().unwrap_err();
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }
}
