//! Identifiers: the three that travel in scope headers, and the free-form ones of paths and bodies.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use http::HeaderValue;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::path::PathSegment;
use crate::tolerant::Tolerant;

/// Why a text is not an identifier. Names the rule and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// A scope id that is neither a UUID nor the word the server reserves.
    #[error(
        "{kind} must be a hyphenated UUID{alias}: the server would read anything else as its default scope; use `{kind}::opaque` for servers that name it otherwise"
    )]
    #[non_exhaustive]
    NotUuid {
        /// The type of the identifier, such as `WorkspaceId`.
        kind: &'static str,
        /// The words that are also allowed.
        alias: &'static str,
    },
    /// An opaque id with characters that no header can carry.
    #[error("{kind} must be 1 to 255 visible ASCII characters, so that a header can carry it")]
    #[non_exhaustive]
    NotVisible {
        /// The type of the identifier.
        kind: &'static str,
    },
}

/// An id that needs no check passes where one is made.
impl From<std::convert::Infallible> for IdError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// Whether `text` is a UUID in its hyphenated form of 36 characters (RFC 9562, 4), in either case.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Reads an id within the reader's own call for a text, so that an error is placed there.
struct IdVisitor<F>(F);

impl<T, F: FnOnce(&str) -> Result<T, IdError>> Visitor<'_> for IdVisitor<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

/// The word for the default scope.
const DEFAULT: &str = "default";
const DEFAULT_TENANT: &str = "00000000-0000-0000-0000-000000000002";
const DEFAULT_WORKSPACE: &str = "00000000-0000-0000-0000-000000000003";

/// `default` is what the word stands for, where it may stand for the id.
macro_rules! scope_id {
    ($(#[$docs:meta])* $name:ident, default = $default:expr) => {
        $(#[$docs])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks and normalises: surrounding white space is dropped, a UUID is written in lower case, because
            /// some servers compare the header with the token's claim as plain text.
            ///
            /// # Errors
            ///
            /// [`IdError::NotUuid`] for anything that the server would not read as this very id.
            pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
                let text = text.as_ref().trim();
                let default: Option<&str> = $default;
                if is_uuid(text) {
                    Ok(Self(text.to_ascii_lowercase().into()))
                } else if default.is_some() && text == DEFAULT {
                    Ok(Self(text.into()))
                } else {
                    let alias = if default.is_some() { " or the word `default`" } else { "" };
                    Err(IdError::NotUuid { kind: stringify!($name), alias })
                }
            }

            /// Takes a name that is not a UUID, for servers that name their scopes otherwise. The EdgeQuake server
            /// itself reads such a name as its DEFAULT scope.
            ///
            /// # Errors
            ///
            /// [`IdError::NotVisible`] if no header can carry the text.
            pub fn opaque(text: impl AsRef<str>) -> Result<Self, IdError> {
                let text = text.as_ref();
                if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
                    Ok(Self(text.into()))
                } else {
                    Err(IdError::NotVisible { kind: stringify!($name) })
                }
            }

            /// The text as it goes over the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&$name> for HeaderValue {
            fn from(id: &$name) -> Self {
                // The constructors admit visible ASCII only, so the fallback is never taken.
                HeaderValue::from_str(&id.0).unwrap_or_else(|_| HeaderValue::from_static(""))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), &self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        /// For constructors that take an optional id.
        impl From<&$name> for Option<$name> {
            fn from(id: &$name) -> Self {
                Some(id.clone())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl PathSegment for $name {
            fn segment(&self) -> Cow<'_, str> {
                let default: Option<&str> = $default;
                Cow::Borrowed(default.filter(|_| *self.0 == *DEFAULT).unwrap_or(&self.0))
            }
        }

        /// What is no id counts as none where it may be absent.
        #[diagnostic::do_not_recommend]
        impl Tolerant for $name {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }

            fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                Ok(Self::deserialize(serde_json::Value::deserialize(deserializer)?).ok())
            }
        }

        /// Taken as a text, checked as by `new`.
        impl TryFrom<&str> for $name {
            type Error = IdError;

            fn try_from(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        /// Taken as a text, checked as by `new`.
        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        /// Taken as a text, checked as by `new`.
        impl TryFrom<&String> for $name {
            type Error = IdError;

            fn try_from(text: &String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        /// Accepts what a server sends: a UUID, the reserved word, or a name of its own.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(IdVisitor(|text: &str| Self::new(text).or_else(|_| Self::opaque(text))))
            }
        }
    };
}

scope_id! {
    /// A tenant, as in the header `X-Tenant-ID`: a UUID or the word `default`. In paths, where servers take no word, `default` is sent
    /// as [`server_default`](Self::server_default).
    ///
    /// ```
    /// use edgequake_types::TenantId;
    ///
    /// let tenant = TenantId::new("7B0E2B52-6A53-4B0C-9B43-0F6B6A1D9F21")?;
    /// assert_eq!(tenant.as_str(), "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21");
    /// assert!(TenantId::new("tenant-456").is_err());
    /// assert!(TenantId::opaque("tenant-456").is_ok());
    /// # Ok::<(), edgequake_types::IdError>(())
    /// ```
    TenantId, default = Some(DEFAULT_TENANT)
}

scope_id! {
    /// A workspace, as in the header `X-Workspace-ID`: a UUID or the word `default`. In paths, where servers take no word, `default` is
    /// sent as [`server_default`](Self::server_default).
    ///
    /// ```
    /// use edgequake_types::WorkspaceId;
    ///
    /// assert_eq!(WorkspaceId::new("default")?.to_string(), "default");
    /// assert!(WorkspaceId::new("workspace-123").is_err());
    /// assert!(WorkspaceId::opaque("workspace-123").is_ok());
    /// # Ok::<(), edgequake_types::IdError>(())
    /// ```
    WorkspaceId, default = Some(DEFAULT_WORKSPACE)
}

scope_id! {
    /// A user, as in the header `X-User-ID`: a UUID. There is no reserved word for it.
    ///
    /// ```
    /// use edgequake_types::UserId;
    ///
    /// assert!(UserId::new("00000000-0000-0000-0000-000000000001").is_ok());
    /// assert!(UserId::new("default").is_err());
    /// ```
    UserId, default = None
}

impl TenantId {
    /// The tenant that the server uses when a request names none: `00000000-0000-0000-0000-000000000002`.
    pub fn server_default() -> Self {
        Self(DEFAULT_TENANT.into())
    }
}

impl WorkspaceId {
    /// The workspace that the server uses when a request names none: `00000000-0000-0000-0000-000000000003`.
    pub fn server_default() -> Self {
        Self(DEFAULT_WORKSPACE.into())
    }
}

macro_rules! string_id {
    ($($(#[$docs:meta])* $name:ident;)*) => {$(
        $(#[$docs])*
        ///
        /// Free text that the server chooses; it is percent-encoded wherever it enters a path.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }

            /// The text as it goes over the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl PathSegment for $name {
            fn segment(&self) -> Cow<'_, str> {
                Cow::Borrowed(&self.0)
            }
        }

        /// An empty text is none where it may be absent.
        #[diagnostic::do_not_recommend]
        impl Tolerant for $name {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }

            fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                Ok(Option::<Self>::deserialize(deserializer)?.filter(|id| !id.0.is_empty()))
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                *self.0 == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                *self.0 == **other
            }
        }
    )*};
}

string_id! {
    /// A document.
    DocumentId;
    /// An API key (`key_id`), not the key itself.
    KeyId;
    /// A group of documents that were uploaded together, or a background task.
    TrackId;
    /// A PDF file, which is not the document that is made of it.
    PdfId;
    /// A chunk of a document, such as `6f0c-chunk-3`.
    ChunkId;
    /// A text that was injected into a workspace.
    InjectionId;
    /// A parse job, which is no task.
    ParseJobId;
}

#[cfg(test)]
mod tests;
