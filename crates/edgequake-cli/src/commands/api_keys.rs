//! `api-keys`: keys of the calling user.
//!
//! The new key is all that `create` and `rotate` write to stdout, so that a script can use it as it is. It is kept nowhere else:
//! a key that could not be written is revoked at once, and an old key only after its successor has been written.

use edgequake_client::types::api_keys::{ApiKey, CreateApiKey, CreatedApiKey, ListApiKeys};
use edgequake_types::KeyId;

use super::each::about;
use super::{Listing, comma_separated, list, or_empty};
use crate::args::api_keys::{Command, Rotate};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Table;

pub(super) async fn run(cx: &mut Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(create) => {
            let mut key = CreateApiKey::new();
            key.name = create.name;
            key.scopes = Some(create.scopes).filter(|scopes| !scopes.is_empty());
            key.expires_in_days = create.expires_in_days;
            create_key(cx, key).await
        }
        Command::List(options) => list_keys(cx, options.unused, options.paging.all).await,
        Command::Revoke(revoke) => {
            let revoked = cx.client.api_keys().revoke(&revoke.key_id).await.map_err(about(&revoke.key_id))?;
            if cx.out.is_json() {
                return cx.out.json(&revoked);
            }
            cx.notes.say(format!("key {} is revoked", revoke.key_id));
            Ok(())
        }
        Command::Rotate(options) => rotate(cx, options).await,
        Command::Audit => audit(cx).await,
    }
}

async fn create_key(cx: &mut Context, key: CreateApiKey) -> Result<(), Failure> {
    let created = cx.client.api_keys().create(key).await?;
    print_or_revoke(cx, &created).await
}

/// Prints the key. If that fails, it is revoked.
async fn print_or_revoke(cx: &mut Context, created: &CreatedApiKey) -> Result<(), Failure> {
    let written = if cx.out.is_json() { cx.out.json(created) } else { cx.out.line(created.api_key.expose()) };
    if let Err(failure) = written.and_then(|()| cx.out.flush()) {
        let id = &created.key_id;
        let revoked = cx.client.api_keys().revoke(id.clone()).await;
        let what = match revoked {
            Ok(_) => format!("the new key could not be written, so it was revoked (id {id})"),
            Err(error) => format!("the new key (id {id}) could not be written; revoke it: {error}"),
        };
        return Err(Failure::caused_by(what, failure.line()));
    }
    let expiry = created.expires_at.as_ref().map_or("never expires".to_owned(), |at| format!("expires {at}"));
    let (id, scopes) = (&created.key_id, comma_separated(&created.scopes));
    cx.notes.say(format!("key {id} has the scopes {scopes} and {expiry}; it is shown only once"));
    Ok(())
}

const HEADER: &[&str] = &["ID", "PREFIX", "STATE", "SCOPES", "LAST USED", "EXPIRES", "NAME"];

fn row(key: &ApiKey) -> Vec<String> {
    vec![
        key.key_id.to_string(),
        key.prefix.clone(),
        if is_active(key) { "active" } else { "revoked" }.to_owned(),
        comma_separated(&key.scopes),
        key.last_used_at.as_ref().map_or("never".to_owned(), ToString::to_string),
        key.expires_at.as_ref().map_or("never".to_owned(), ToString::to_string),
        key.name.clone().unwrap_or_default(),
    ]
}

fn is_active(key: &ApiKey) -> bool {
    key.is_active != Some(false)
}

async fn list_keys(cx: &mut Context, unused: bool, all: bool) -> Result<(), Failure> {
    let shown = |key: &ApiKey| {
        let show = !unused || (is_active(key) && key.last_used_at.is_none());
        show.then(|| row(key))
    };
    let listing = Listing { header: HEADER, optional: &[], row: &shown, all: all || unused };
    list(cx, ListApiKeys::new(), listing).await.map(drop)
}

/// The active keys: first those that were never used, then by their last use, the oldest first.
async fn audit(cx: &mut Context) -> Result<(), Failure> {
    let mut keys = Vec::new();
    let mut found = cx.client.api_keys().list(ListApiKeys::new().page_size(100)).items();
    while let Some(key) = found.next().await {
        keys.push(key?);
    }
    keys.retain(is_active);
    keys.sort_by_key(|key| (or_empty(key.last_used_at.as_ref()), or_empty(key.created_at.as_ref())));
    if cx.out.is_json() {
        return cx.out.json(&keys);
    }
    let mut table = Table::new(HEADER);
    for key in &keys {
        table.row(row(key));
    }
    table.write(&mut cx.out)?;
    cx.out.flush()?;
    let unused = keys.iter().filter(|key| key.last_used_at.is_none()).count();
    cx.notes.say(format!("active keys: {}, never used: {unused}", keys.len()));
    Ok(())
}

async fn rotate(cx: &mut Context, options: Rotate) -> Result<(), Failure> {
    let old = find(cx, &options.key_id).await?;
    if !is_active(&old) {
        return Err(Failure::other(format!("key {} is already revoked: create a new one", options.key_id)));
    }
    if let Some(end) = old.expires_at.as_ref().filter(|_| options.expires_in_days.is_none()) {
        let text =
            format!("the old key expires {end}: set the lifetime of the new one with --expires-in-days");
        return Err(Failure::usage(text));
    }
    let mut new = CreateApiKey::new();
    // Without scopes the server would make a key that can only read.
    new.scopes = [options.scopes, old.scopes].into_iter().find(|scopes| !scopes.is_empty());
    new.expires_in_days = options.expires_in_days;
    new.name = options.name.or(old.name);
    create_key(cx, new).await?;
    let id = &options.key_id;
    cx.client.api_keys().revoke(id.clone()).await.map_err(|error| {
        let text = format!("the new key is active, but the old key {id} could not be revoked: {error}");
        Failure::caused_by(text, error)
    })?;
    cx.notes.say(format!("the old key {id} is revoked"));
    Ok(())
}

async fn find(cx: &Context, id: &KeyId) -> Result<ApiKey, Failure> {
    let mut keys = cx.client.api_keys().list(ListApiKeys::new().page_size(100)).items();
    while let Some(key) = keys.next().await {
        let key = key?;
        if key.key_id == *id {
            return Ok(key);
        }
    }
    let text = format!("you have no key with the id {id}; `api-keys list --all` shows them");
    Err(Failure::Other { text, source: None, exit: Exit::NotFound })
}
