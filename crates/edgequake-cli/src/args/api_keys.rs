//! The arguments of `api-keys`.

use clap::{Args, Subcommand};
use edgequake_client::types::api_keys::KeyScope;
use edgequake_types::KeyId;

use super::{Paging, id, text};

/// What can be done with API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a key and print it; it is shown only once
    Create(Create),
    /// List the keys, including revoked ones
    List(List),
    /// Revoke a key
    Revoke(Revoke),
    /// Create a key to replace another one, print it, and revoke the old one
    Rotate(Rotate),
    /// Show when each active key was last used
    Audit,
}

/// Create a key and print it; it is shown only once.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Name of the key
    #[arg(long, value_parser = text)]
    pub(crate) name: Option<String>,
    /// What it may do: read, query, write or admin, separated by commas or repeated; default: read,query
    #[arg(long = "scope", visible_alias = "scopes", value_name = "SCOPE", value_delimiter = ',', value_parser = scope)]
    pub(crate) scopes: Vec<KeyScope>,
    /// Days until it expires; default: never
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) expires_in_days: Option<u64>,
}

/// List the keys, including revoked ones.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only active keys that were never used, from all pages
    #[arg(long)]
    pub(crate) unused: bool,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Revoke a key.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// ID of the key, not the key itself
    #[arg(value_name = "ID", value_parser = id::<KeyId>)]
    pub(crate) key_id: KeyId,
}

/// Create a key to replace another one.
///
/// The new key has the name and the scopes of the old one, unless others are given. The old one is
/// revoked once the new one has been printed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Rotate {
    /// ID of the old key, not the key itself
    #[arg(value_name = "ID", value_parser = id::<KeyId>)]
    pub(crate) key_id: KeyId,
    /// Another name
    #[arg(long, value_parser = text)]
    pub(crate) name: Option<String>,
    /// Other scopes: read, query, write or admin, separated by commas or repeated
    #[arg(long = "scope", visible_alias = "scopes", value_name = "SCOPE", value_delimiter = ',', value_parser = scope)]
    pub(crate) scopes: Vec<KeyScope>,
    /// Days until it expires; required if the old one expires, else default: never
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) expires_in_days: Option<u64>,
}

/// Servers silently drop words that they do not know.
fn scope(word: &str) -> Result<KeyScope, String> {
    let word = word.trim();
    match KeyScope::from(word.to_ascii_lowercase()) {
        KeyScope::Other(_) if word.starts_with("edgequake:") => Ok(KeyScope::from(word)),
        KeyScope::Other(_) => {
            Err("it must be read, query, write, admin, or begin with `edgequake:`".to_owned())
        }
        scope => Ok(scope),
    }
}
