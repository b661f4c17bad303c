//! API keys of the calling user.

use std::sync::Arc;

use axum::Router;
use edgequake_types::UserId;
use edgequake_types::api_keys::{
    ApiKey, ApiKeyList, CreateApiKey, CreatedApiKey, ListApiKeys, RevokeApiKey, RevokedApiKey,
};

use crate::backend::Shared;
use crate::clock::written;
use crate::error::Refusal;
use crate::options::Era;
use crate::reply::Reply;
use crate::route::{Call, route};
use crate::state::api_keys::{StoredKey, granted_scopes};
use crate::state::page::Page;

pub(crate) fn routes(router: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    let router = route(router, create);
    let router = route(router, list);
    route(router, revoke)
}

/// Whose keys are meant. Master and static keys have no user behind them.
fn owner(call: &Call) -> Result<&UserId, Refusal> {
    call.caller.user_id().ok_or_else(|| Refusal::forbidden("user_required"))
}

async fn create(call: Call, request: CreateApiKey) -> Result<Reply<CreatedApiKey>, Refusal> {
    let user = owner(&call)?.clone();
    let scopes = granted_scopes(call.shared.options.era, request.scopes.unwrap_or_default());
    let mut store = call.shared.store();
    let (key, secret) =
        store.api_keys.create(user, request.name, scopes, request.expires_in_days, call.now)?;
    let mut created = CreatedApiKey::new(key.key_id, secret, key.prefix);
    created.scopes = key.scopes;
    created.expires_at = key.expires_at.map(written);
    created.created_at = Some(written(key.created_at));
    Ok(Reply::of(created))
}

async fn list(call: Call, request: ListApiKeys) -> Result<Reply<ApiKeyList>, Refusal> {
    let keys = call.shared.store().api_keys.of(owner(&call)?);
    let page = Page::cut(keys, request.page, request.page_size, 100);
    let keys = page.items.into_iter().map(shown).collect();
    Ok(Reply::of(ApiKeyList::new(keys, page.total, page.page, page.page_size)))
}

fn shown(key: StoredKey) -> ApiKey {
    let mut shown = ApiKey::new(key.key_id, key.prefix);
    shown.name = key.name;
    shown.scopes = key.scopes;
    shown.is_active = Some(key.is_active);
    shown.last_used_at = key.last_used_at.map(written);
    shown.expires_at = key.expires_at.map(written);
    shown.created_at = Some(written(key.created_at));
    shown
}

async fn revoke(call: Call, request: RevokeApiKey) -> Result<Reply<RevokedApiKey>, Refusal> {
    // Middle-aged servers do not ask whose key it is.
    let user = if call.shared.options.era == Era::C { Some(owner(&call)?) } else { None };
    if !call.shared.store().api_keys.revoke(&request.key_id, user) {
        return Err(Refusal::not_found(format!("API key {}", request.key_id)));
    }
    let mut revoked = RevokedApiKey::new(request.key_id);
    revoked.message = Some("API key revoked".to_owned());
    Ok(Reply::of(revoked))
}
