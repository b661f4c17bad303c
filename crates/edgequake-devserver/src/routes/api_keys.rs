//! API keys of the calling user.

use edgequake_types::UserId;
use edgequake_types::api_keys::{
    ApiKey, ApiKeyList, CreateApiKey, CreatedApiKey, ListApiKeys, RevokeApiKey, RevokedApiKey,
};

use crate::clock::rfc3339;
use crate::config::Era;
use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::api_keys::{StoredKey, granted_scopes};
use crate::state::page::Page;

/// The user whose keys are managed. Master and static keys belong to no user.
fn key_owner(call: &Call) -> Result<&UserId, Refusal> {
    call.caller.user_id().ok_or_else(|| Refusal::forbidden("user_required"))
}

pub(super) async fn create(call: Call, request: CreateApiKey) -> Result<Reply<CreatedApiKey>, Refusal> {
    let user = key_owner(&call)?.clone();
    let scopes = granted_scopes(call.app.config.era, request.scopes.unwrap_or_default());
    let mut directory = call.app.directory();
    if !directory.api_keys.has_room(call.now) {
        return Err(Refusal::conflict("The server has its maximum number of keys"));
    }
    let (key, secret) =
        directory.api_keys.create(user, request.name, scopes, request.expires_in_days, call.now)?;
    let mut created = CreatedApiKey::new(key.key_id, secret, key.prefix);
    created.scopes = key.scopes;
    created.expires_at = key.expires_at.map(rfc3339);
    created.created_at = Some(rfc3339(key.created_at));
    Ok(Reply::new(created))
}

pub(super) async fn list(call: Call, request: ListApiKeys) -> Result<Reply<ApiKeyList>, Refusal> {
    let keys = call.app.directory().api_keys.of_user(key_owner(&call)?);
    let page = Page::new(keys, request.page, request.page_size, 100);
    let keys = page.items.into_iter().map(listed).collect();
    Ok(Reply::new(ApiKeyList::new(keys, page.total, page.page, page.page_size)))
}

fn listed(key: StoredKey) -> ApiKey {
    let mut listed = ApiKey::new(key.key_id, key.prefix);
    listed.name = key.name;
    listed.scopes = key.scopes;
    listed.is_active = Some(key.is_active);
    listed.last_used_at = key.last_used_at.map(rfc3339);
    listed.expires_at = key.expires_at.map(rfc3339);
    listed.created_at = Some(rfc3339(key.created_at));
    listed
}

pub(super) async fn revoke(call: Call, request: RevokeApiKey) -> Result<Reply<RevokedApiKey>, Refusal> {
    // Era B servers do not check who owns the key.
    let user = if call.app.config.era == Era::C { Some(key_owner(&call)?) } else { None };
    if !call.app.directory().api_keys.revoke(&request.key_id, user) {
        return Err(Refusal::not_found(format!("API key {}", request.key_id)));
    }
    let mut revoked = RevokedApiKey::new(request.key_id);
    revoked.message = Some("API key revoked".to_owned());
    Ok(Reply::new(revoked))
}
