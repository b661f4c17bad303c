use serde_json::json;

use crate::testing::{assert_round_trip, assert_served, on_the_wire, read, written};
use crate::workspaces::*;
use crate::{Decode, Endpoint, Paginated, Scope, TenantId, WorkspaceId};

const ID: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

fn tenant() -> TenantId {
    TenantId::new("default").unwrap()
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new(ID).unwrap()
}

/// Sets every option, on whichever request has them.
macro_rules! full {
    ($request:expr) => {
        $request
            .description("d")
            .max_documents(500)
            .llm_model("m")
            .llm_provider("p")
            .embedding_model("e")
            .embedding_provider("p")
            .embedding_dimension(768)
            .vision_llm_model("none")
            .vision_llm_provider("p")
            .pdf_parser_backend("vision")
            .entity_types(["BRIDGE".to_owned()])
            .entity_types_strict(false)
            .llm_roles(json!({"extract": {"model": "m"}}))
    };
}

#[test]
fn requests() {
    insta::assert_snapshot!(on_the_wire(&CreateWorkspace::new(tenant(), "Bridges")), @r#"
    POST /api/v1/tenants/default/workspaces
    accept: application/json
    content-type: application/json

    {"name":"Bridges"}
    "#);
    let create = full!(CreateWorkspace::new(tenant(), "Bridges").slug("bridges"));
    insta::assert_snapshot!(on_the_wire(&create), @r#"
    POST /api/v1/tenants/default/workspaces
    accept: application/json
    content-type: application/json

    {"name":"Bridges","slug":"bridges","description":"d","max_documents":500,"llm_model":"m","llm_provider":"p","embedding_model":"e","embedding_provider":"p","embedding_dimension":768,"vision_llm_model":"none","vision_llm_provider":"p","pdf_parser_backend":"vision","entity_types":["BRIDGE"],"entity_types_strict":false,"llm_roles":{"extract":{"model":"m"}}}
    "#);
    let list = ListWorkspaces::new(tenant()).offset(20).limit(10).include_stats(true);
    insta::assert_snapshot!(on_the_wire(&list), @"
    GET /api/v1/tenants/default/workspaces?include_stats=true&limit=10&offset=20
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&GetWorkspaceBySlug::new(tenant(), "a/b c")), @"
    GET /api/v1/tenants/default/workspaces/by-slug/a%2Fb%20c
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&GetWorkspace::new(workspace())), @"
    GET /api/v1/workspaces/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21
    accept: application/json
    ");
    let update = full!(UpdateWorkspace::new(workspace()).name("B").is_active(true));
    insta::assert_snapshot!(on_the_wire(&update), @r#"
    PUT /api/v1/workspaces/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21
    accept: application/json
    content-type: application/json

    {"name":"B","is_active":true,"description":"d","max_documents":500,"llm_model":"m","llm_provider":"p","embedding_model":"e","embedding_provider":"p","embedding_dimension":768,"vision_llm_model":"none","vision_llm_provider":"p","pdf_parser_backend":"vision","entity_types":["BRIDGE"],"entity_types_strict":false,"llm_roles":{"extract":{"model":"m"}}}
    "#);
    insta::assert_snapshot!(on_the_wire(&UpdateWorkspace::new(workspace())), @"
    PUT /api/v1/workspaces/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21
    accept: application/json
    content-type: application/json

    {}
    ");
    insta::assert_snapshot!(on_the_wire(&DeleteWorkspace::new(workspace())), @"
    DELETE /api/v1/workspaces/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21
    accept: */*
    ");
    insta::assert_snapshot!(on_the_wire(&GetWorkspaceStats::new(workspace())), @"
    GET /api/v1/workspaces/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21/stats
    accept: application/json
    ");
    assert_served(&CreateWorkspace::new(tenant(), "Bridges"));
    assert_served(&create);
    assert_served(&list);
    assert_served(&GetWorkspaceBySlug::new(tenant(), "a/b c"));
    assert_served(&GetWorkspace::new(workspace()));
    assert_served(&update);
    assert_served(&DeleteWorkspace::new(workspace()));
    assert_served(&GetWorkspaceStats::new(workspace()));
}

#[test]
fn a_call_about_one_workspace_is_sent_in_it() {
    let alone = Scope { tenant: None, workspace: Some(workspace()) };
    let both = Scope { tenant: Some(tenant()), workspace: Some(workspace()) };
    assert_eq!(GetWorkspace::new(workspace()).scope(), alone);
    assert_eq!(UpdateWorkspace::new(workspace()).scope(), alone);
    assert_eq!(DeleteWorkspace::new(workspace()).scope(), alone);
    assert_eq!(GetWorkspaceStats::new(workspace()).scope(), alone);
    assert_eq!(GetWorkspace::new(workspace()).tenant_id(tenant()).scope(), both);
    assert_eq!(UpdateWorkspace::new(workspace()).tenant_id(tenant()).scope(), both);
    // The tenant is no field of the body.
    let update = UpdateWorkspace::new(workspace()).tenant_id(tenant());
    assert_eq!(update.body().unwrap().bytes().unwrap(), "{}");
    // Calls about a tenant are sent in the client's own scope.
    assert_eq!(ListWorkspaces::new(tenant()).scope(), Scope::default());
}

#[test]
fn a_workspace_keeps_what_it_does_not_know() {
    let wire = json!({
        "id": ID, "tenant_id": "00000000-0000-0000-0000-000000000002", "name": "Bridges", "slug": "bridges",
        "description": null, "is_active": true, "max_documents": null, "llm_model": "m", "llm_provider": "p",
        "llm_full_id": "p/m", "embedding_model": "e", "embedding_provider": "p", "embedding_dimension": 768,
        "embedding_full_id": "p/e", "entity_types_strict": false, "created_at": "2026-03-02T09:00:00+00:00",
        "updated_at": "2026-03-02T09:00:00+00:00",
        "stats": {"workspace_id": ID, "document_count": 1, "entity_count": 2, "relationship_count": 3, "chunk_count": 4, "storage_bytes": 5},
        "chunk_token_size": 800, "entity_type_colors": {"BRIDGE": "#00f"}, "kg_schema_preset": null
    });
    let read_back: Workspace = assert_round_trip(&wire);
    assert_eq!(read_back.extra["entity_type_colors"]["BRIDGE"], "#00f");
    assert_eq!(read_back.stats.unwrap().document_count, 1);
    let new = Workspace::new(workspace(), tenant(), "Bridges", "bridges");
    assert_eq!(read::<Workspace>(&written(&new)), new);
    // Numbers in a form of their own do not cost the workspace.
    let odd: Workspace =
        read(&json!({"id": ID, "name": "B", "slug": null, "stats": {"documents": {"total": 1}}}));
    assert_eq!((odd.stats, odd.slug.as_str()), (None, ""));
}

#[test]
fn numbers() {
    let stats: WorkspaceStats = assert_round_trip(&json!({
        "workspace_id": ID, "document_count": 1, "entity_count": 2, "relationship_count": 3, "entity_type_count": 4,
        "chunk_count": 5, "embedding_count": 6, "storage_bytes": 18_446_744_073_709_551_615_u64, "stale": true
    }));
    assert_eq!(stats.storage_bytes, u64::MAX);
    let old: WorkspaceStats = read(&json!({"workspace_id": ID, "document_count": 3.0, "chunk_count": null}));
    assert_eq!((old.document_count, old.chunk_count, old.embedding_count), (3, 0, None));
    assert_eq!(
        read::<WorkspaceStats>(&written(&WorkspaceStats::new(workspace()))),
        WorkspaceStats::new(workspace())
    );
    let error = WorkspaceStats::decode(format!(r#"{{"workspace_id":"{ID}","storage_bytes":-1}}"#).into())
        .unwrap_err();
    insta::assert_snapshot!(error, @"the JSON field `storage_bytes` cannot be read");
}

#[test]
fn lists() {
    let item = json!({"id": ID, "name": "B", "slug": "b", "description": null, "max_documents": null});
    let page: WorkspaceList =
        assert_round_trip(&json!({"items": [item, item], "total": 2, "offset": 0, "limit": 2}));
    let list = ListWorkspaces::new(tenant()).limit(2).include_stats(true);
    assert_eq!(list.next(&page), Some(list.clone().offset(2)));
    assert_eq!(list.next(&WorkspaceList::new(vec![], 2, 2, 2)), None);
    assert_eq!(ListWorkspaces::items(page).len(), 2);
}
