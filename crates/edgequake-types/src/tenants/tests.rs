use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tenants::*;
use crate::testing::{assert_round_trip, assert_served, on_the_wire, read};
use crate::{Decode, Paginated, TenantId};

const ID: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

fn id() -> TenantId {
    TenantId::new(ID).unwrap()
}

#[test]
fn requests() {
    insta::assert_snapshot!(on_the_wire(&CreateTenant::new("Acme")), @r#"
    POST /api/v1/tenants
    accept: application/json
    content-type: application/json

    {"name":"Acme"}
    "#);
    let create = CreateTenant::new("Acme")
        .slug("acme")
        .description("d")
        .plan(Plan::Enterprise)
        .default_llm_model("m")
        .default_llm_provider("p")
        .default_embedding_model("e")
        .default_embedding_provider("p")
        .default_embedding_dimension(768)
        .default_vision_llm_model("v")
        .default_vision_llm_provider("p");
    insta::assert_snapshot!(on_the_wire(&create), @r#"
    POST /api/v1/tenants
    accept: application/json
    content-type: application/json

    {"name":"Acme","slug":"acme","description":"d","plan":"enterprise","default_llm_model":"m","default_llm_provider":"p","default_embedding_model":"e","default_embedding_provider":"p","default_embedding_dimension":768,"default_vision_llm_model":"v","default_vision_llm_provider":"p"}
    "#);
    insta::assert_snapshot!(on_the_wire(&ListTenants::new()), @"
    GET /api/v1/tenants
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&ListTenants::new().offset(20).limit(100)), @"
    GET /api/v1/tenants?limit=100&offset=20
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&GetTenant::new(id())), @"
    GET /api/v1/tenants/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21
    accept: application/json
    ");
    let update = UpdateTenant::new(id()).name("A").description("").plan("gold").is_active(false);
    insta::assert_snapshot!(on_the_wire(&update), @r#"
    PUT /api/v1/tenants/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21
    accept: application/json
    content-type: application/json

    {"name":"A","description":"","plan":"gold","is_active":false}
    "#);
    insta::assert_snapshot!(on_the_wire(&DeleteTenant::new(id())), @"
    DELETE /api/v1/tenants/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21
    accept: */*
    ");
    assert_served(&CreateTenant::new("Acme"));
    assert_served(&create);
    assert_served(&ListTenants::new().offset(20).limit(100));
    assert_served(&GetTenant::new(id()));
    assert_served(&update);
    assert_served(&DeleteTenant::new(id()));
}

#[test]
fn a_tenant_keeps_what_it_does_not_know() {
    let tenant: Tenant = assert_round_trip(&json!({
        "id": ID, "name": "Acme", "slug": "acme", "plan": "platinum_v9", "is_active": true, "max_workspaces": 10,
        "default_llm_model": "m", "default_llm_provider": "p", "default_llm_full_id": "p/m",
        "default_embedding_model": "e", "default_embedding_provider": "p", "default_embedding_dimension": 768,
        "default_embedding_full_id": "p/e", "created_at": "2026-03-02T09:00:00+00:00", "updated_at": "2026-03-02T09:00:00+00:00",
        "default_reasoning_effort": "low", "pdf_parser_backend": null
    }));
    assert_eq!(tenant.extra["default_reasoning_effort"], "low");
    let nulls: Tenant = read(&json!({
        "id": ID, "name": "Acme", "slug": null, "plan": null, "max_workspaces": null, "default_vision_llm_model": null
    }));
    assert_eq!((nulls.slug.as_str(), nulls.plan, nulls.max_workspaces), ("", None, None));
    let error =
        Tenant::decode(format!(r#"{{"id":"{ID}","name":"A","max_workspaces":1.5}}"#).into()).unwrap_err();
    insta::assert_snapshot!(error, @"the JSON field `max_workspaces` cannot be read");
}

#[test]
fn lists_in_every_form() {
    assert_round_trip::<TenantList>(&json!({
        "items": [{"id": ID, "name": "Acme", "slug": "acme"}], "total": 5, "offset": 0, "limit": 20
    }));
    let bare: TenantList = read(&json!([{"id": ID, "name": "Acme"}]));
    assert_eq!(bare.total, 1);
    assert_eq!(ListTenants::new().next(&bare), None);
    assert_eq!(read::<TenantList>(&json!({"items": null, "total": null})), TenantList::default());
    assert_eq!(ListTenants::new().next(&TenantList::default()), None);
}

/// A server with `count` tenants that cuts pages at `cap` and may put the length of the page where the total belongs.
fn serve(request: &ListTenants, count: u64, cap: u64, real_total: bool) -> TenantList {
    let (offset, limit) = (request.offset.unwrap_or(0), request.limit.unwrap_or(20).min(cap));
    let items: Vec<Value> = (offset..count.min(offset + limit))
        .map(|number| json!({"id": ID, "name": number.to_string()}))
        .collect();
    let total = if real_total { count } else { items.len() as u64 };
    read(&json!({"items": items, "total": total, "offset": offset, "limit": limit}))
}

proptest! {
    #[test]
    fn a_walk_finds_every_tenant_once(
        count in 0_u64..120, limit in prop::option::of(1_u64..60), cap in 1_u64..60, real_total in any::<bool>()
    ) {
        let mut request = Some(ListTenants { limit, ..ListTenants::new() });
        let mut found = Vec::new();
        while let Some(current) = request {
            let page = serve(&current, count, cap, real_total);
            request = current.next(&page);
            found.extend(ListTenants::items(page).into_iter().map(|tenant| tenant.name));
        }
        let expected: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        prop_assert_eq!(found, expected);
    }
}
