use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tenants::*;
use crate::testing::read;
use crate::{Decode, Paginated};

const ID: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

#[test]
fn null_is_absent_and_a_number_that_cannot_be_meant_is_an_error() {
    let nulls: Tenant = read(&json!({
        "id": ID, "name": "Acme", "slug": null, "plan": null, "max_workspaces": null, "default_vision_llm_model": null
    }));
    assert_eq!((nulls.slug.as_str(), &nulls.plan, nulls.max_workspaces), ("", &None, None));
    assert!(nulls.extra.is_empty());
    let error = Tenant::from_body(format!(r#"{{"id":"{ID}","name":"A","max_workspaces":1.5}}"#)).unwrap_err();
    insta::assert_snapshot!(error, @"the JSON field `max_workspaces` cannot be read");
}

#[test]
fn lists_in_every_form() {
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
