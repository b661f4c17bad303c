//! What a stored login belongs to: a server, and an account there.

use std::fmt;

use edgequake_types::Origin;

/// A server as logins know it: the origin and the path prefix of its base URL. Two servers behind one proxy differ by the
/// prefix, and a login of one is never sent to the other.
///
/// ```
/// use edgequake_auth::ServerKey;
///
/// let one = ServerKey::new("https://gateway.example.com".parse()?, "/one/");
/// assert_eq!(one.to_string(), "https://gateway.example.com/one");
/// assert_ne!(one, ServerKey::new("https://gateway.example.com".parse()?, "/two"));
/// # Ok::<(), edgequake_types::OriginError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerKey {
    origin: Origin,
    prefix: String,
}

impl ServerKey {
    /// A server at `origin`, below `prefix`, which is empty for most. Slashes at its end do not count.
    pub fn new(origin: Origin, prefix: &str) -> Self {
        let prefix = prefix.trim_end_matches('/');
        let slash = if prefix.is_empty() || prefix.starts_with('/') { "" } else { "/" };
        Self { origin, prefix: format!("{slash}{prefix}") }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path prefix, empty or beginning with a slash.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The login of `account` at this server.
    pub fn account(&self, account: impl Into<String>) -> LoginKey {
        LoginKey { server: self.clone(), account: account.into() }
    }
}

impl From<Origin> for ServerKey {
    fn from(origin: Origin) -> Self {
        Self::new(origin, "")
    }
}

impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.prefix)
    }
}

/// Whose login it is, and where. A store holds one record for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LoginKey {
    server: ServerKey,
    account: String,
}

impl LoginKey {
    /// The server.
    pub fn server(&self) -> &ServerKey {
        &self.server
    }

    /// The name or e-mail address that was logged in with; empty when only tokens are known.
    pub fn account(&self) -> &str {
        &self.account
    }
}
