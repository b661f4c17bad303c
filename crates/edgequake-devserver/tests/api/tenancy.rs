//! Tenants and workspaces, and their isolation.

use edgequake_devserver::Era;
use edgequake_types::api_keys::{CreateApiKey, KeyScope};
use edgequake_types::documents::{GetDocument, ListDocuments};
use edgequake_types::query::Query;
use edgequake_types::tasks::ListTasks;
use edgequake_types::tenants::{CreateTenant, DeleteTenant, GetTenant, ListTenants, Plan, UpdateTenant};
use edgequake_types::workspaces::{
    CreateWorkspace, DeleteWorkspace, GetWorkspace, GetWorkspaceBySlug, GetWorkspaceStats, ListWorkspaces,
    UpdateWorkspace, Workspace,
};
use edgequake_types::{TenantId, WorkspaceId};

use crate::documents::ingest;
use crate::support::{ADMIN, Api, READER, Transcript, USER, redact, with_users};

fn within(api: &Api, tenant: &TenantId, workspace: &WorkspaceId) -> Api {
    api.with("x-tenant-id", tenant.as_str()).with("x-workspace-id", workspace.as_str())
}

async fn workspace(api: &Api, name: &str) -> Workspace {
    api.ok(&CreateWorkspace::new(TenantId::server_default(), name)).await
}

#[tokio::test]
async fn full_responses() {
    let server = with_users().start().await.unwrap();
    let ada = Api::new(&server).logged_in(ADMIN).await;
    let mut transcript = Transcript::default();
    let answer = ada.send(&CreateTenant::new("Acme & Co.").plan(Plan::Pro).default_llm_model("big")).await;
    transcript.note("create tenant", &answer);
    let tenant = answer.model::<CreateTenant>().id;
    transcript.note("update tenant", &ada.send(&UpdateTenant::new(&tenant).name("Acme")).await);
    transcript.note("tenants", &ada.send(&ListTenants::new().limit(1)).await);
    let create =
        CreateWorkspace::new(&tenant, "Notes").description("All of them").entity_types(["Person".to_owned()]);
    let answer = ada.send(&create).await;
    transcript.note("create workspace", &answer);
    let id = answer.model::<CreateWorkspace>().id;
    let ada = within(&ada, &tenant, &id);
    transcript.note(
        "update workspace",
        &ada.send(&UpdateWorkspace::new(&id).name("Papers").max_documents(5)).await,
    );
    transcript.note("stats", &ada.send(&GetWorkspaceStats::new(&id)).await);
    transcript.note("workspaces", &ada.send(&ListWorkspaces::new(&tenant).include_stats(true)).await);
    transcript.note("delete workspace", &ada.send(&DeleteWorkspace::new(&id)).await);
    transcript.note("delete tenant", &ada.send(&DeleteTenant::new(&tenant)).await);
    transcript.note("deleted tenant", &ada.send(&GetTenant::new(&tenant)).await);
    let _redacted = redact();
    insta::assert_snapshot!("tenancy", transcript);
}

#[tokio::test]
async fn the_settings_of_a_workspace_do_not_grow_for_ever() {
    let server = with_users().start().await.unwrap();
    let ada = Api::new(&server).logged_in(ADMIN).await.in_default();
    let id = WorkspaceId::server_default();
    let path = format!("/api/v1/workspaces/{id}");
    let change = async |number: usize| {
        let body = serde_json::json!({ "llm_roles": { format!("role{number}"): "x".repeat(1000) } });
        ada.raw(http::Method::PUT, &path, "application/json", body.to_string()).await
    };
    let mut changes = 0;
    let refused = loop {
        let answer = change(changes).await;
        if !answer.status.is_success() {
            break answer;
        }
        changes += 1;
        assert!(changes < 100);
    };
    assert_eq!(refused.status, 422, "{refused}");
    let said = "The settings of a workspace must not take more than 32768 bytes; leave some out";
    assert_eq!(refused.error().message, said);
    // What was refused changed nothing, and other changes are accepted.
    assert_eq!(ada.ok(&UpdateWorkspace::new(&id).max_documents(5)).await.max_documents, Some(5));
}

#[tokio::test]
async fn one_login_works_in_two_workspaces_that_do_not_see_each_other() {
    let server = with_users().start().await.unwrap();
    let mona = Api::new(&server).logged_in(USER).await;
    let tenant = TenantId::server_default();
    let (left, right) = (workspace(&mona, "Left").await, workspace(&mona, "Right").await);
    let (left_api, right_api) = (within(&mona, &tenant, &left.id), within(&mona, &tenant, &right.id));
    let document = ingest(&left_api, "Bridge", "The bridge opened in 1931.").await;
    ingest(&right_api, "Cats", "Cats sleep under the bridge.").await;

    let answer = left_api.ok(&Query::new("bridge")).await;
    assert!(answer.answer.contains("1931") && !answer.answer.contains("Cats"), "{}", answer.answer);
    let answer = right_api.ok(&Query::new("When did it open?")).await;
    assert!(answer.sources.is_empty(), "{}", answer.answer);
    assert_eq!(right_api.send(&GetDocument::new(&document)).await.cause(), "404 NOT_FOUND");
    assert_eq!(
        (left_api.ok(&ListDocuments::new()).await.total, right_api.ok(&ListTasks::new()).await.tasks.len()),
        (1, 1)
    );
    assert_eq!(mona.ok(&ListDocuments::new()).await.total, 0, "the default workspace of the token");

    let stats = left_api.ok(&GetWorkspaceStats::new(&left.id)).await;
    assert_eq!((stats.document_count, stats.chunk_count, stats.storage_bytes), (1, 1, 26));
    // The documents of a workspace are deleted with it.
    left_api.ok(&DeleteWorkspace::new(&left.id)).await;
    assert_eq!(left_api.send(&ListDocuments::new()).await.cause(), "403 FORBIDDEN workspace_not_available");
    assert_eq!(right_api.ok(&ListDocuments::new()).await.total, 1);
}

#[tokio::test]
async fn strict_scope_keeps_a_login_in_its_workspace_but_not_a_key() {
    let server = with_users().strict_scope(true).start().await.unwrap();
    let api = Api::new(&server);
    let mona = api.logged_in(USER).await;
    let other = workspace(&mona, "Other").await;
    let tenant = TenantId::server_default();
    let answer = within(&mona, &tenant, &other.id).send(&ListDocuments::new()).await;
    assert_eq!(answer.cause(), "403 FORBIDDEN");
    assert!(
        answer.error().message.contains("workspace_id")
            && answer.header("content-type") == "application/json"
    );
    assert_eq!(
        within(&mona, &tenant, &WorkspaceId::server_default()).send(&ListDocuments::new()).await.status,
        200
    );
    let key = mona.ok(&CreateApiKey::new().scopes([KeyScope::Read])).await.api_key;
    let by_key = within(&api.with("x-api-key", key.expose()), &tenant, &other.id);
    assert_eq!(by_key.send(&ListDocuments::new()).await.status, 200);
}

#[tokio::test]
async fn a_login_is_bound_to_the_session_scope() {
    let (tenant, workspace) =
        (TenantId::server_default(), WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap());
    let server = with_users().session_scope(tenant, workspace).start().await.unwrap();
    let mona = Api::new(&server).logged_in(USER).await;
    assert_eq!(mona.send(&ListDocuments::new()).await.cause(), "403 FORBIDDEN workspace_not_available");
    assert_eq!(mona.in_default().send(&ListDocuments::new()).await.status, 200);
}

#[tokio::test]
async fn permissions_on_tenants() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let (ada, mona) = (api.logged_in(ADMIN).await, api.logged_in(USER).await);
    let tenant = ada.ok(&CreateTenant::new("Secret")).await.id;
    assert_eq!(mona.send(&CreateTenant::new("Mine")).await.cause(), "403 FORBIDDEN admin_required");
    assert_eq!(mona.send(&GetTenant::new(&tenant)).await.cause(), "403 FORBIDDEN tenant_access_denied");
    assert_eq!(mona.send(&ListWorkspaces::new(&tenant)).await.cause(), "403 FORBIDDEN tenant_access_denied");
    assert_eq!(
        mona.send(&CreateWorkspace::new(&tenant, "x")).await.cause(),
        "403 FORBIDDEN tenant_access_denied"
    );
    let default = TenantId::server_default();
    assert_eq!(
        mona.send(&UpdateTenant::new(&default).name("x")).await.cause(),
        "403 FORBIDDEN tenant_access_denied"
    );
    assert_eq!(mona.send(&DeleteTenant::new(&default)).await.cause(), "403 FORBIDDEN admin_required");
    assert_eq!((mona.ok(&ListTenants::new()).await.total, ada.ok(&ListTenants::new()).await.total), (1, 2));
    assert_eq!(ada.get("/api/v1/tenants/default").await.cause(), "400 BAD_REQUEST");
    let taken = ada.send(&CreateTenant::new("secret")).await;
    assert_eq!((taken.status.as_u16(), taken.model::<CreateTenant>().id), (200, tenant));
    assert_eq!(ada.send(&CreateTenant::new(" ")).await.cause(), "400 BAD_REQUEST");
    // Era B servers show every tenant to every user.
    let server = with_users().era(Era::B).start().await.unwrap();
    let api = Api::new(&server);
    let ada = api.logged_in(ADMIN).await;
    ada.ok(&CreateTenant::new("Secret")).await;
    assert_eq!(ada.send(&CreateTenant::new("secret")).await.cause(), "409 CONFLICT");
    assert_eq!(api.logged_in(USER).await.ok(&ListTenants::new()).await.total, 2);
}

#[tokio::test]
async fn permissions_on_workspaces() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let (ada, mona, rita) =
        (api.logged_in(ADMIN).await, api.logged_in(USER).await, api.logged_in(READER).await);
    let tenant = TenantId::server_default();
    let hers = workspace(&mona, "Hers").await;
    assert_eq!(mona.send(&CreateWorkspace::new(&tenant, "hers")).await.cause(), "409 CONFLICT");
    assert_eq!(rita.send(&CreateWorkspace::new(&tenant, "x")).await.cause(), "403 FORBIDDEN readonly_role");
    let update = UpdateWorkspace::new(&hers.id).name("New");
    // Its creator and the owner of the tenant own it; a reader of the tenant may read it.
    let elsewhere = mona.with("x-workspace-id", "default");
    assert_eq!(elsewhere.send(&update).await.cause(), "403 FORBIDDEN workspace_path_mismatch");
    assert_eq!(within(&mona, &tenant, &hers.id).ok(&update).await.name, "New");
    assert_eq!(within(&ada, &tenant, &hers.id).send(&update).await.status, 200);
    assert_eq!(within(&rita, &tenant, &hers.id).send(&GetWorkspace::new(&hers.id)).await.status, 200);
    assert_eq!(
        within(&rita, &tenant, &hers.id).send(&update).await.cause(),
        "403 FORBIDDEN workspace_admin_required"
    );
    let default = WorkspaceId::server_default();
    let answer = within(&mona, &tenant, &default).send(&DeleteWorkspace::new(&default)).await;
    assert_eq!(answer.cause(), "403 FORBIDDEN workspace_admin_required");
    assert_eq!(mona.ok(&GetWorkspaceBySlug::new(&tenant, "hers")).await.id, hers.id);
    assert_eq!(mona.send(&GetWorkspaceBySlug::new(&tenant, "none")).await.cause(), "404 NOT_FOUND");
    assert_eq!(
        within(&mona, &tenant, &default).get("/api/v1/workspaces/default").await.cause(),
        "400 BAD_REQUEST"
    );

    let server = with_users().era(Era::B).start().await.unwrap();
    let mona = Api::new(&server).logged_in(USER).await;
    workspace(&mona, "Hers").await;
    assert_eq!(mona.send(&CreateWorkspace::new(&tenant, "hers")).await.cause(), "400 BAD_REQUEST");
}

#[tokio::test]
async fn only_the_master_key_may_access_an_inactive_workspace() {
    let server = with_users().master_key("master").start().await.unwrap();
    let api = Api::new(&server);
    let mona = api.logged_in(USER).await;
    let hers = workspace(&mona, "Hers").await;
    let tenant = TenantId::server_default();
    let (mona, master) = (within(&mona, &tenant, &hers.id), within(&api.bearer("master"), &tenant, &hers.id));
    mona.ok(&UpdateWorkspace::new(&hers.id).is_active(false)).await;
    assert_eq!(mona.send(&ListDocuments::new()).await.cause(), "403 FORBIDDEN workspace_not_available");
    assert_eq!(master.ok(&UpdateWorkspace::new(&hers.id).is_active(true)).await.is_active, Some(true));
    assert_eq!(mona.send(&ListDocuments::new()).await.status, 200);
}

#[tokio::test]
async fn lists_are_paged_by_offset() {
    let server = with_users().start().await.unwrap();
    let ada = Api::new(&server).logged_in(ADMIN).await;
    for name in ["A", "B", "C"] {
        ada.ok(&CreateTenant::new(name)).await;
    }
    let names = async |offset, limit| {
        let list = ada.ok(&ListTenants::new().offset(offset).limit(limit)).await;
        let names: Vec<String> = list.items.into_iter().map(|tenant| tenant.name).collect();
        (names.join(","), list.total, list.limit)
    };
    assert_eq!(names(0, 3).await, ("Default,A,B".to_owned(), 4, 3));
    assert_eq!(names(3, 3).await, ("C".to_owned(), 4, 3));
    assert_eq!(names(9, 1_000).await, (String::new(), 4, 100));
}

#[tokio::test]
async fn without_a_scope_lists_are_empty() {
    let server = with_users().master_key("master").start().await.unwrap();
    let api = Api::new(&server);
    let mona = api.logged_in(USER).await.in_default();
    ingest(&mona, "one", "text").await;
    let master = api.bearer("master");
    for api in
        [master.clone(), master.with("x-tenant-id", "default"), master.with("x-workspace-id", "default")]
    {
        assert_eq!(api.ok(&ListDocuments::new()).await.total, 0);
        assert_eq!(api.ok(&ListTasks::new()).await.pagination.total, 0);
    }
    assert_eq!(master.in_default().ok(&ListDocuments::new()).await.total, 1);
    // The claims of a login name a scope.
    assert_eq!(api.logged_in(ADMIN).await.ok(&ListDocuments::new()).await.total, 1);
}

#[tokio::test]
async fn what_is_kept_of_a_directory_is_short() {
    let server = with_users().start().await.unwrap();
    let admin = Api::new(&server).logged_in(ADMIN).await;
    let (fits, long, huge) = ("n".repeat(1024), "n".repeat(1025), "n".repeat(70_000));
    for (path, field) in
        [("/api/v1/users", "username"), ("/api/v1/tenants", "name"), ("/api/v1/api-keys", "name")]
    {
        let refused = admin.post(path, &format!(r#"{{"{field}":"{long}"}}"#)).await;
        let told = (refused.cause(), refused.error().message);
        let message = format!("{field} must not be longer than 1024 bytes");
        assert_eq!(told, ("422 VALIDATION_ERROR".to_owned(), message), "{path}");
        assert_eq!(admin.post(path, &format!(r#"{{"{field}":"{huge}"}}"#)).await.status, 422, "{path}");
    }
    assert_eq!(admin.post("/api/v1/tenants", &format!(r#"{{"name":"{fits}"}}"#)).await.status, 201);
}
