//! `api-keys`: keys of the calling user.
//!
//! A new key is all that `create` and `rotate` write to stdout, so that a script can take it as it is. It exists nowhere else:
//! a key that could not be written is revoked at once, and an old key only after its successor was written.

use clap::Subcommand;
use edgequake_client::types::api_keys::{ApiKey, CreateApiKey, CreatedApiKey, KeyScope, ListApiKeys};
use edgequake_types::KeyId;

use super::{Listing, Paging, list, time, words};
use crate::context::Context;
use crate::failure::Failure;

/// What is done to keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a key and print it, this once
    Create(Create),
    /// List the keys, revoked ones included
    List(List),
    /// Take a key out of force
    Revoke(Revoke),
    /// Make a key in place of another one, print it, and revoke the old one
    Rotate(Rotate),
    /// Show when each key in force was last used
    Audit,
}

/// Make a key and print it, this once.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// A name to tell it by
    #[arg(long)]
    name: Option<String>,
    /// What it may do: read, query, write or admin, with commas or repeated; by default read,query
    #[arg(long = "scope", visible_alias = "scopes", value_name = "SCOPE", value_delimiter = ',', value_parser = scope)]
    scopes: Vec<KeyScope>,
    /// After how many days it ends; by default never
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..))]
    expires_in_days: Option<u64>,
}

/// List the keys, revoked ones included.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those in force that were never used, of all pages
    #[arg(long)]
    unused: bool,
    #[command(flatten)]
    paging: Paging,
}

/// Take a key out of force.
#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// The id of the key, not the key itself
    #[arg(value_name = "ID")]
    key_id: KeyId,
}

/// Make a key in place of another one.
///
/// The new key has the name and the scopes of the old one, unless others are given. The old one is
/// revoked once the new one was printed.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Rotate {
    /// The id of the old key, not the key itself
    #[arg(value_name = "ID")]
    key_id: KeyId,
    /// Another name
    #[arg(long)]
    name: Option<String>,
    /// What it may do instead: read, query, write or admin, with commas or repeated
    #[arg(long = "scope", visible_alias = "scopes", value_name = "SCOPE", value_delimiter = ',', value_parser = scope)]
    scopes: Vec<KeyScope>,
    /// After how many days it ends; needed if the old one ends, else by default never
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..))]
    expires_in_days: Option<u64>,
}

/// Servers drop words that they do not know without a word of their own.
fn scope(word: &str) -> Result<KeyScope, String> {
    match KeyScope::from(word.trim()) {
        KeyScope::Other(word) if !word.starts_with("edgequake:") => {
            Err("it must be read, query, write, admin, or begin with `edgequake:`".to_owned())
        }
        scope => Ok(scope),
    }
}

impl Command {
    pub(crate) async fn run(self, cx: &mut Context) -> Result<(), Failure> {
        match self {
            Self::Create(create) => {
                let mut key = CreateApiKey::new();
                key.name = create.name;
                key.scopes = Some(create.scopes).filter(|scopes| !scopes.is_empty());
                key.expires_in_days = create.expires_in_days;
                create_key(cx, key).await
            }
            Self::List(options) => list_keys(cx, options.unused, options.paging.all).await,
            Self::Revoke(revoke) => {
                let revoked = cx.client.api_keys().revoke(revoke.key_id.clone()).await?;
                if cx.out.is_json() {
                    return cx.out.json(&revoked);
                }
                cx.notes.say(format!("key {} is revoked", revoke.key_id));
                Ok(())
            }
            Self::Rotate(rotate) => rotate.run(cx).await,
            Self::Audit => audit(cx).await,
        }
    }
}

async fn create_key(cx: &mut Context, key: CreateApiKey) -> Result<(), Failure> {
    let created = cx.client.api_keys().create(key).await?;
    hand_over(cx, &created).await
}

/// Writes the key. If nobody got it, it is revoked.
async fn hand_over(cx: &mut Context, created: &CreatedApiKey) -> Result<(), Failure> {
    let written = if cx.out.is_json() { cx.out.json(created) } else { cx.out.line(created.api_key.expose()) };
    if let Err(failure) = written.and_then(|()| cx.out.flush()) {
        let id = &created.key_id;
        let revoked = cx.client.api_keys().revoke(id.clone()).await;
        let what = match revoked {
            Ok(_) => format!("the new key could not be written, so it was revoked (id {id})"),
            Err(error) => format!("the new key (id {id}) could not be written; revoke it: {error}"),
        };
        return Err(Failure::failed(what, failure.line()));
    }
    let ends = created.expires_at.as_ref().map_or("never ends".to_owned(), |at| format!("ends {at}"));
    let (id, scopes) = (&created.key_id, words(&created.scopes));
    cx.notes.say(format!("key {id} may do {scopes} and {ends}; it is shown this once"));
    Ok(())
}

const HEAD: &[&str] = &["ID", "PREFIX", "STATE", "SCOPES", "LAST USED", "EXPIRES", "NAME"];

fn row(key: &ApiKey) -> Vec<String> {
    vec![
        key.key_id.to_string(),
        key.prefix.clone(),
        if in_force(key) { "active" } else { "revoked" }.to_owned(),
        words(&key.scopes),
        key.last_used_at.as_ref().map_or("never".to_owned(), ToString::to_string),
        key.expires_at.as_ref().map_or("never".to_owned(), ToString::to_string),
        key.name.clone().unwrap_or_default(),
    ]
}

fn in_force(key: &ApiKey) -> bool {
    key.is_active != Some(false)
}

async fn list_keys(cx: &mut Context, unused: bool, all: bool) -> Result<(), Failure> {
    let shown = |key: &ApiKey| {
        let show = !unused || (in_force(key) && key.last_used_at.is_none());
        show.then(|| row(key))
    };
    let listing = Listing { head: HEAD, row: &shown, all: all || unused };
    list(cx, ListApiKeys::new(), listing).await.map(drop)
}

/// The keys in force, those that were never used first, then the one that was not used for the longest time.
async fn audit(cx: &mut Context) -> Result<(), Failure> {
    let mut keys = Vec::new();
    let mut found = cx.client.api_keys().list(ListApiKeys::new().page_size(100_u64)).items();
    while let Some(key) = found.next().await {
        keys.push(key?);
    }
    keys.retain(in_force);
    keys.sort_by_key(|key| (time(key.last_used_at.as_ref()), time(key.created_at.as_ref())));
    if cx.out.is_json() {
        return cx.out.json(&keys);
    }
    let mut table = crate::output::Table::new(HEAD);
    for key in &keys {
        table.row(row(key));
    }
    table.write(&mut cx.out)?;
    cx.out.flush()?;
    let unused = keys.iter().filter(|key| key.last_used_at.is_none()).count();
    cx.notes.say(format!("keys in force: {}, never used: {unused}", keys.len()));
    Ok(())
}

impl Rotate {
    async fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let old = find(cx, &self.key_id).await?;
        if !in_force(&old) {
            return Err(Failure::other(format!("key {} is revoked already: create a new one", self.key_id)));
        }
        if let Some(end) = old.expires_at.as_ref().filter(|_| self.expires_in_days.is_none()) {
            let text =
                format!("the old key ends {end}: say how long the new one lasts, by --expires-in-days");
            return Err(Failure::usage(text));
        }
        let mut new = CreateApiKey::new();
        // Without scopes the server would make a key that can only read.
        new.scopes = [self.scopes, old.scopes].into_iter().find(|scopes| !scopes.is_empty());
        new.expires_in_days = self.expires_in_days;
        new.name = self.name.or(old.name);
        create_key(cx, new).await?;
        let id = &self.key_id;
        cx.client.api_keys().revoke(id.clone()).await.map_err(|error| {
            let text = format!("the new key is in force, but the old key {id} could not be revoked: {error}");
            Failure::failed(text, error)
        })?;
        cx.notes.say(format!("the old key {id} is revoked"));
        Ok(())
    }
}

async fn find(cx: &Context, id: &KeyId) -> Result<ApiKey, Failure> {
    let mut keys = cx.client.api_keys().list(ListApiKeys::new().page_size(100_u64)).items();
    while let Some(key) = keys.next().await {
        let key = key?;
        if key.key_id == *id {
            return Ok(key);
        }
    }
    let text = format!("you have no key with the id {id}; `api-keys list --all` shows them");
    Err(Failure::Other { text, source: None, exit: crate::failure::Exit::NotFound })
}
