use edgequake_types::api_keys::{
    ApiKeyList, CreateApiKey, CreatedApiKey, KeyScope, ListApiKeys, RevokeApiKey, RevokedApiKey,
};

use crate::table::Table;

#[test]
fn api_keys() {
    let scopes = [KeyScope::Read, KeyScope::Query, KeyScope::Write, KeyScope::All, "edgequake:export".into()];
    let no_scopes: [KeyScope; 0] = [];
    Table::of("api_keys", include_str!("api_keys.txt"))
        .request("create", &CreateApiKey::new())
        .request("create with everything", &CreateApiKey::new().name("ci").scopes(scopes).expires_in_days(90))
        .request("create with no scopes", &CreateApiKey::new().scopes(no_scopes))
        .request("list", &ListApiKeys::new())
        .request("list with everything", &ListApiKeys::new().page(2).page_size(100))
        .request("revoke", &RevokeApiKey::new("c1d7f3f0-2b3a-4c77-8a6e-5e7f0a1b2c3d"))
        .request("revoke an odd id", &RevokeApiKey::new("c1d7/f3"))
        .answer::<CreatedApiKey>("created")
        .answer::<CreatedApiKey>("created for a time")
        .answer_read::<CreatedApiKey>("created on the first servers")
        .answer_read::<CreatedApiKey>("created as the guide has it")
        .answer::<ApiKeyList>("listed")
        .answer_read::<ApiKeyList>("listed by the first servers")
        .answer_read::<ApiKeyList>("listed, bare and as the guide has it")
        .answer::<RevokedApiKey>("revoked")
        .answer_read::<RevokedApiKey>("revoked, with no body")
        .finish();
}
