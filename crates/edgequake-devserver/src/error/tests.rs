use edgequake_types::Endpoint;
use edgequake_types::documents::UploadText;
use edgequake_types::session::Me;
use http_body_util::BodyExt;

use super::*;

async fn written(refusal: Refusal) -> String {
    let response = refusal.into_response("r-1");
    let (parts, body) = response.into_parts();
    let headers: Vec<String> =
        parts.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    let body = body.collect().await.unwrap().to_bytes();
    format!("{}\n{}\n{}", parts.status, headers.join("\n"), String::from_utf8_lossy(&body))
}

#[tokio::test]
async fn every_refusal_on_the_wire() {
    let mut text = String::new();
    for refusal in [
        Refusal::bad_request("name must not be empty"),
        Refusal::unauthorized("token_reuse", "refresh", "refresh_token"),
        Refusal::forbidden("membership_required"),
        Refusal::not_found("user 41"),
        Refusal::conflict("taken"),
        Refusal::validation("blank"),
        Refusal::account_locked(),
        Refusal::internal(),
        Refusal::not_authenticated(),
        Refusal::claim_mismatch("tenant_id"),
        Refusal::no_membership(),
        Refusal::rate_limited(7),
        Refusal::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Expected JSON"),
    ] {
        text.push_str(&written(refusal).await);
        text.push_str("\n\n");
    }
    insta::assert_snapshot!("refusals", text);
}

#[test]
fn bad_syntax_is_400_and_wrong_fields_are_422() {
    for (body, in_body, status) in [
        ("", true, 400),
        ("{", true, 400),
        ("{}", true, 422),
        (r#"{"content":7}"#, true, 422),
        ("{}", false, 400),
    ] {
        let (parts, _) = UploadText::new("x").to_request().unwrap().into_parts();
        let error = UploadText::from_request(&parts, body.as_bytes()).unwrap_err();
        assert_eq!(undecodable(&error, in_body).0.status, status, "{body}");
    }
    let (parts, _) = Me::new().to_request().unwrap().into_parts();
    let error = UploadText::from_request(&parts, b"{}").unwrap_err();
    assert_eq!(undecodable(&error, true).0.status, 400);
}
