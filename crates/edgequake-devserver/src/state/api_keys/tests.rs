use super::*;
use crate::state::new_user_id;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn requested_scopes_and_granted_scopes() {
    let scopes = |words: &[&str]| words.iter().map(|word| KeyScope::from(*word)).collect::<Vec<_>>();
    for (requested, granted) in [
        (vec![], vec!["edgequake:read", "edgequake:query"]),
        (vec!["nonsense"], vec!["edgequake:read", "edgequake:query"]),
        (vec!["write", "write", "edgequake:write"], vec!["edgequake:write"]),
        (vec!["admin"], vec!["*"]),
        (vec!["read", "edgequake:future", "x"], vec!["edgequake:read", "edgequake:future"]),
    ] {
        assert_eq!(granted_scopes(Era::C, scopes(&requested)), scopes(&granted), "{requested:?}");
    }
    let names = granted_scopes(Era::B, vec![]);
    assert_eq!(names.iter().map(KeyScope::as_str).collect::<Vec<_>>(), ["read", "write"]);
}

#[test]
fn a_key_is_valid_until_it_expires_or_is_revoked() {
    let mut keys = ApiKeys::default();
    let (mona, rita) = (new_user_id(), new_user_id());
    let now = at("2026-01-01T00:00:00Z");
    let (key, secret) =
        keys.create(mona.clone(), Some("ci".to_owned()), vec![KeyScope::Read], Some(1), now).unwrap();
    assert!(secret.expose().starts_with(&key.prefix) && key.prefix.len() == 11);
    assert!(!format!("{keys:?}").contains(&secret.expose()[11..]) && format!("{keys:?}").contains("ci"));
    let valid = |keys: &ApiKeys, when: &str| keys.authenticate(secret.expose(), at(when)).is_some();
    assert!(valid(&keys, "2026-01-01T23:59:59Z") && !valid(&keys, "2026-01-02T00:00:00Z"));
    assert!(keys.authenticate(&key.prefix, now).is_none());
    assert!(!keys.revoke(&key.key_id, Some(&rita)) && valid(&keys, "2026-01-01T00:00:00Z"));
    assert!(keys.revoke(&key.key_id, Some(&mona)) && !valid(&keys, "2026-01-01T00:00:00Z"));
    assert!(!keys.revoke(&KeyId::new("unknown"), None));
    assert_eq!(keys.of_user(&mona).iter().map(|key| key.is_active).collect::<Vec<_>>(), [false]);
    assert!(keys.of_user(&rita).is_empty());
}

#[test]
fn huge_lifetimes_end_at_the_maximum_timestamp() {
    let mut keys = ApiKeys::default();
    let (key, _) = keys.create(new_user_id(), None, vec![], Some(u64::MAX), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(key.expires_at, Some(Timestamp::MAX));
}
