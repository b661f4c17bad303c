use super::*;

#[test]
fn a_scope_id_is_a_uuid_or_the_reserved_word() {
    for text in
        ["", "acme", "Default", "7b0e2b526a534b0c9b430f6b6a1d9f21", "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f2g"]
    {
        assert!(WorkspaceId::new(text).is_err(), "{text}");
    }
    assert_eq!(WorkspaceId::new(" default\n").unwrap().as_str(), "default");
}

#[test]
fn an_opaque_id_fits_a_header() {
    for text in ["", "a b", "a\nb", "é", &"x".repeat(256)] {
        assert!(TenantId::opaque(text).is_err(), "{text}");
    }
    let header = HeaderValue::from(&TenantId::opaque("tenant-456").unwrap());
    assert_eq!(header, "tenant-456");
}

#[test]
fn errors_say_what_to_do() {
    insta::assert_snapshot!(TenantId::new("acme").unwrap_err(), @"TenantId must be a hyphenated UUID or the word `default`: the server would read anything else as its default scope; use `TenantId::opaque` for servers that name it otherwise");
    insta::assert_snapshot!(UserId::new("default").unwrap_err(), @"UserId must be a hyphenated UUID: the server would read anything else as its default scope; use `UserId::opaque` for servers that name it otherwise");
}

#[test]
fn a_wrong_id_is_named_wherever_it_stands() {
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Place {
        tenant_id: TenantId,
        user_id: Option<UserId>,
    }
    for json in [r#"{"tenant_id":"default","user_id":"a\nb"}"#, r#"{"user_id":"a\nb","tenant_id":"default"}"#]
    {
        let error = crate::from_json::<Place>(json.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "the JSON field `user_id` cannot be read");
    }
    let error = crate::from_json::<Place>(br#"{"tenant_id":5}"#).unwrap_err();
    assert_eq!(error.to_string(), "the JSON field `tenant_id` cannot be read");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "invalid type: integer, expected a string at line 1 column 14");
}
