use serde_json::json;

use crate::testing::{read, written};
use crate::workspaces::*;
use crate::{Decode, Endpoint, Paginated, Scope, TenantId, WorkspaceId};

const ID: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

fn tenant() -> TenantId {
    TenantId::new("default").unwrap()
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new(ID).unwrap()
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
fn the_word_for_the_default_is_an_id_in_paths() {
    let path = |request: http::request::Parts| request.uri.path().to_owned();
    let workspace = WorkspaceId::new("default").unwrap();
    let (head, _) = GetWorkspaceStats::new(&workspace).to_request().unwrap().into_parts();
    assert_eq!(head.headers["x-workspace-id"], "default");
    let expected = format!("/api/v1/workspaces/{}/stats", WorkspaceId::server_default());
    assert_eq!(path(head), expected);
    let (head, _) = ListWorkspaces::new(tenant()).to_request().unwrap().into_parts();
    assert_eq!(path(head), format!("/api/v1/tenants/{}/workspaces", TenantId::server_default()));
    // What another server calls its own goes as it is.
    let (head, _) =
        GetWorkspace::new(WorkspaceId::opaque("defaults").unwrap()).to_request().unwrap().into_parts();
    assert_eq!(path(head), "/api/v1/workspaces/defaults");
}

#[test]
fn what_has_an_odd_form_does_not_cost_the_workspace() {
    let odd: Workspace = read(&json!({
        "id": ID, "name": "B", "slug": null, "tenant_id": 7, "stats": {"documents": {"total": 1}}, "llm_roles": ["extract"],
        "relation_edges": [["BRIDGE", "RIVER"]], "entity_type_colors": {"BRIDGE": 255}, "effective_extraction_mode": "llm"
    }));
    assert_eq!((odd.slug.as_str(), odd.tenant_id, odd.stats, odd.llm_roles), ("", None, None, None));
    assert_eq!(
        (odd.relation_edges, odd.entity_type_colors, odd.effective_extraction_mode),
        (None, None, None)
    );
    let tenant = tenant();
    let new = Workspace::new(workspace(), &tenant, "Bridges", "bridges");
    assert_eq!(new.tenant_id, Some(tenant));
    assert_eq!(read::<Workspace>(&written(&new)), new);
}

#[test]
fn roles_stay_change_or_go() {
    for (json, roles) in [
        (r#"{}"#, None),
        // Servers read it as absent.
        (r#"{"llm_roles":null}"#, None),
        (r#"{"llm_roles":{}}"#, Some(LlmRoleChanges::new())),
        (r#"{"llm_roles":{"vlm":null}}"#, Some(LlmRoleChanges::new().clear_vlm())),
        (r#"{"llm_roles":{"vlm":{}}}"#, Some(LlmRoleChanges::new().vlm(LlmRoleChange::new()))),
        (
            r#"{"llm_roles":{"vlm":{"provider":"p","model":null}}}"#,
            Some(LlmRoleChanges::new().vlm(LlmRoleChange::new().provider("p").clear_model())),
        ),
    ] {
        let settings: WorkspaceSettings = serde_json::from_str(json).unwrap();
        assert_eq!(settings.llm_roles, roles, "{json}");
        if json != r#"{"llm_roles":null}"# {
            assert_eq!(serde_json::to_string(&settings).unwrap(), json);
        }
    }
    let unknown = json!({"llm_roles": {"judge": {"model": "m"}, "query": {"model": "m"}}});
    let settings: WorkspaceSettings = serde_json::from_value(unknown.clone()).unwrap();
    assert_eq!(serde_json::to_value(&settings).unwrap(), unknown);
}

#[test]
fn numbers() {
    let old: WorkspaceStats = read(&json!({"workspace_id": ID, "document_count": 3.0, "chunk_count": null}));
    assert_eq!((old.document_count, old.chunk_count, old.embedding_count), (3, 0, None));
    assert_eq!(
        read::<WorkspaceStats>(&written(&WorkspaceStats::new(workspace()))),
        WorkspaceStats::new(workspace())
    );
    let error =
        WorkspaceStats::from_body(format!(r#"{{"workspace_id":"{ID}","storage_bytes":-1}}"#)).unwrap_err();
    insta::assert_snapshot!(error, @"the JSON field `storage_bytes` cannot be read");
}

#[test]
fn a_walk_keeps_its_options() {
    let page = WorkspaceList::new(vec![Workspace::new(workspace(), tenant(), "B", "b"); 2], 2, 0, 2);
    let list = ListWorkspaces::new(tenant()).limit(2).include_stats(true);
    assert_eq!(list.next(&page), Some(list.clone().offset(2)));
    assert_eq!(list.next(&WorkspaceList::new(vec![], 2, 2, 2)), None);
    assert_eq!(ListWorkspaces::items(page).len(), 2);
}
