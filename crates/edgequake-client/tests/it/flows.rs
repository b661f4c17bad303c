//! Whole flows against the dev server, as an application would make them.

use std::time::Duration;

use edgequake_client::auth::{Chain, Env, KeyFile, Revocation, StaticKey};
use edgequake_client::types::api_keys::{CreateApiKey, KeyScope, ListApiKeys};
use edgequake_client::types::documents::{DocumentStatus, ListDocuments, UploadFile, UploadText};
use edgequake_client::types::query::{Query, QueryEvent, StreamQuery};
use edgequake_client::types::session::Role;
use edgequake_client::types::tasks::ListTasks;
use edgequake_client::types::tenants::{CreateTenant, ListTenants};
use edgequake_client::types::users::{CreateUser, ListUsers, UpdateUser};
use edgequake_client::types::workspaces::{CreateWorkspace, ListWorkspaces};
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_client::{Client, ErrorKind};
use edgequake_devserver::{DevServer, DevServerBuilder};

fn server() -> DevServerBuilder {
    DevServer::builder().user("root", "root@corp.test", "root-password", Role::Admin).user(
        "mona",
        "mona@corp.test",
        "mona-password",
        Role::User,
    )
}

fn anonymous(server: &DevServer) -> Client {
    Client::builder().base_url(server.url()).build().unwrap()
}

async fn logged_in(server: &DevServer, user: &str) -> Client {
    anonymous(server).login(user, format!("{user}-password")).await.unwrap()
}

/// The client in the scope that a fresh login starts with.
fn in_default_scope(client: &Client) -> Client {
    client.with_tenant(TenantId::server_default()).with_workspace(WorkspaceId::server_default())
}

#[tokio::test]
async fn a_thousand_calls_on_an_expired_token_make_one_refresh() {
    let server = server().refresh_delay(Duration::from_millis(50)).start().await.unwrap();
    let client = in_default_scope(&logged_in(&server, "mona").await);
    server.expire_access_tokens();
    let calls: Vec<_> = (0..1_000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.tasks().list(ListTasks::new()).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!((server.stats().refreshes, server.stats().logins), (1, 1));
    assert_eq!((client.session().unwrap().refreshes(), server.stats().token_reuses), (1, 0));
}

#[tokio::test]
async fn what_is_uploaded_is_found_and_in_its_own_workspace_only() {
    let server = server().processing_delay(Duration::from_millis(20)).start().await.unwrap();
    let root = logged_in(&server, "root").await;
    let tenant = root.tenants().create(CreateTenant::new("Acme")).await.unwrap();
    let mut spaces = Vec::new();
    for (name, text) in [("Bridges", "The harbour bridge opened in 1931."), ("Cats", "A cat has nine lives.")]
    {
        let workspace = root.workspaces().create(CreateWorkspace::new(&tenant.id, name)).await.unwrap();
        let space = root.with_tenant(&tenant.id).with_workspace(&workspace.id);
        let uploaded = space.documents().upload_text(UploadText::new(text).title(name)).await.unwrap();
        let document = space.documents().wait_for(&uploaded).await.unwrap();
        assert_eq!(document.status, Some(DocumentStatus::Completed));
        assert_eq!(document.content.as_deref(), Some(text));
        spaces.push(space);
    }
    let [bridges, cats] = &spaces[..] else { panic!("two workspaces") };
    let answer = bridges.query().execute(Query::new("When did the bridge open?")).await.unwrap();
    assert!(answer.answer.contains("1931"), "{}", answer.answer);
    assert!(!answer.sources.is_empty());
    let answer = cats.query().execute(Query::new("When did the bridge open?")).await.unwrap();
    assert!(!answer.answer.contains("1931"), "{}", answer.answer);

    let listed = cats.documents().list(ListDocuments::new()).await.unwrap();
    assert_eq!(listed.documents.len(), 1);
    assert_eq!(listed.documents[0].title.as_deref(), Some("Cats"));
    // The path's workspace goes into the header, whatever the client's own is.
    let bridge_workspace = root.workspaces().get_by_slug(&tenant.id, "bridges").await.unwrap();
    let stats = cats.workspaces().stats(&bridge_workspace.id).await.unwrap();
    assert_eq!(stats.document_count, 1);
    assert_eq!(root.workspaces().list(ListWorkspaces::new(&tenant.id)).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn a_streamed_answer_is_the_whole_one() {
    let server = server().start().await.unwrap();
    let client = in_default_scope(&logged_in(&server, "mona").await);
    let upload = UploadFile::from_bytes("cats.md", "# Cats\n\nA cat has nine lives.\n");
    let uploaded = client.documents().upload(upload).await.unwrap();
    client.documents().wait_for(&uploaded).await.unwrap();

    let whole = client.query().execute(Query::new("How many lives has a cat?")).await.unwrap();
    let mut events = client.query().stream(StreamQuery::new("How many lives has a cat?")).await.unwrap();
    let (mut text, mut done) = (String::new(), false);
    while let Some(event) = events.next().await {
        match event.unwrap() {
            QueryEvent::Token { content, .. } => text.push_str(&content),
            QueryEvent::Done { stats, .. } => done = stats.is_some(),
            _ => {}
        }
    }
    assert!(done);
    assert_eq!(text, whole.answer);
}

#[tokio::test]
async fn a_file_from_disk_arrives_whole() {
    let server = server().start().await.unwrap();
    let client = in_default_scope(&logged_in(&server, "mona").await);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("天狗 (1).md");
    let text = "# Tengu\n\n".to_owned() + &"Long-nosed creatures of the woods. ".repeat(10_000);
    std::fs::write(&path, &text).unwrap();
    let uploaded = client.documents().upload_file(&path).title("Tengu").await.unwrap();
    assert_eq!(uploaded.file_name.as_deref(), Some("天狗 (1).md"));
    let document = client.documents().wait_for(&uploaded).await.unwrap();
    assert_eq!(document.content.as_deref(), Some(text.as_str()));

    let missing = client.documents().upload_file(folder.path().join("none.md")).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Request);
    assert!(client.documents().upload_file(folder.path()).await.is_err());
}

#[tokio::test]
async fn keys_from_creation_to_revocation() {
    let server = server().start().await.unwrap();
    let mona = in_default_scope(&logged_in(&server, "mona").await);
    let key =
        mona.api_keys().create(CreateApiKey::new().name("reader").scopes([KeyScope::Read])).await.unwrap();
    let reader = mona.with_credentials(edgequake_auth::StaticKey::new(key.api_key.clone()).unwrap());
    assert!(reader.session().is_none());
    reader.tasks().list(ListTasks::new()).await.unwrap();
    let refused = reader.documents().upload_text(UploadText::new("x")).await.unwrap_err();
    assert!(refused.is_forbidden());

    let spare = mona.api_keys().create(CreateApiKey::new().name("spare")).await.unwrap();
    let unused = mona.api_keys().unused().await.unwrap();
    assert_eq!(unused.iter().map(|key| &key.key_id).collect::<Vec<_>>(), [&spare.key_id]);

    let rotation =
        mona.api_keys().rotate(key.key_id.clone(), CreateApiKey::new().name("reader")).await.unwrap();
    rotation.revoked.unwrap();
    assert!(reader.tasks().list(ListTasks::new()).await.unwrap_err().is_unauthorized());
    let renewed = mona.with_credentials(edgequake_auth::StaticKey::new(rotation.created.api_key).unwrap());
    renewed.tasks().list(ListTasks::new()).await.unwrap();
    let mut listed = mona.api_keys().list(ListApiKeys::new().page_size(1_u64)).items();
    let mut names = Vec::new();
    while let Some(key) = listed.next().await {
        let key = key.unwrap();
        names.push((key.name.unwrap(), key.is_active));
    }
    names.sort();
    assert_eq!(names.len(), 3);
    assert!(
        names.contains(&("reader".to_owned(), Some(false)))
            && names.contains(&("reader".to_owned(), Some(true)))
    );
}

#[tokio::test]
async fn an_account_from_creation_to_lockout() {
    let server = server().max_login_attempts(2).start().await.unwrap();
    let root = logged_in(&server, "root").await;
    let created =
        root.users().create(CreateUser::new("tim", "tim@corp.test", "tim-password-9")).await.unwrap();
    let tim = anonymous(&server).login("TIM@corp.test", "tim-password-9").await.unwrap();
    assert_eq!(tim.auth().me().await.unwrap().user.user_id, created.user.user_id);
    assert_eq!(tim.session().unwrap().session().unwrap().user.unwrap().username, "tim");
    assert!(tim.users().list(ListUsers::new()).await.unwrap_err().is_forbidden());

    root.users().update(UpdateUser::new(&created.user.user_id).is_active(false)).await.unwrap();
    assert!(anonymous(&server).login("tim", "tim-password-9").await.unwrap_err().is_forbidden());
    for (password, locked) in [("wrong", false), ("wrong", true), ("mona-password", true)] {
        let error = anonymous(&server).login("mona", password).await.unwrap_err();
        assert_eq!((error.is_locked(), error.is_unauthorized()), (locked, !locked), "{error}");
    }
    root.users().delete(&created.user.user_id).await.unwrap();
    assert!(root.users().get(&created.user.user_id).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_session_from_login_to_logout() {
    let server = server().start().await.unwrap();
    let mona = in_default_scope(&logged_in(&server, "mona").await);
    assert!(mona.health().is_ready().await.unwrap());
    assert_eq!(mona.health().live().await.unwrap(), "OK");
    assert_eq!(mona.health().setup_status().await.unwrap().auth_enabled, Some(true));
    let outcome = mona.logout().await.unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(mona.tasks().list(ListTasks::new()).await.unwrap_err().is_unauthorized());
    assert_eq!(server.stats().refreshes, 0);
}

#[tokio::test]
async fn a_revoked_session_is_renewed_by_the_password() {
    let server = server().start().await.unwrap();
    let mona = in_default_scope(&logged_in(&server, "mona").await);
    server.revoke_sessions();
    mona.tasks().list(ListTasks::new()).await.unwrap();
    assert_eq!(server.stats().logins, 2);
}

#[tokio::test]
async fn a_server_without_authentication_needs_no_credential() {
    let server = server().auth(false).start().await.unwrap();
    let client = in_default_scope(&anonymous(&server));
    client.documents().upload_text(UploadText::new("open to all")).await.unwrap();
    assert!(!client.tenants().list(ListTenants::new()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let server = server().rate_limit(Some((3, 20.0))).start().await.unwrap();
    let client = in_default_scope(&logged_in(&server, "mona").await);
    for _ in 0..8 {
        client.tasks().list(ListTasks::new()).await.unwrap();
    }
    let refused = server.request_log().iter().filter(|request| request.status == 429).count();
    assert!(refused > 0);
}

#[tokio::test]
async fn a_login_is_bound_to_a_workspace_and_a_key_is_not() {
    let server = server().strict_scope(true).start().await.unwrap();
    let root = logged_in(&server, "root").await;
    let tenant = root.tenants().list(ListTenants::new()).await.unwrap().items.remove(0).id;
    let depot = root.workspaces().create(CreateWorkspace::new(&tenant, "Depot")).await.unwrap().id;
    // Without a scope of its own the login works where it is bound to.
    root.documents().list(ListDocuments::new()).await.unwrap();

    let error = root.with_workspace(&depot).documents().list(ListDocuments::new()).await.unwrap_err();
    assert!(error.is_bound_elsewhere() && error.is_forbidden() && !error.is_retryable());
    insta::assert_snapshot!(error.to_string().split("; request").next().unwrap(), @"/api/v1/documents: 403 Forbidden: The workspace_id of the request contradicts the token [FORBIDDEN]; on this server a login is bound to one workspace: work in others with an API key");

    let scopes = [KeyScope::Read, KeyScope::Query, KeyScope::Write];
    let key = root.api_keys().create(CreateApiKey::new().scopes(scopes)).await.unwrap().api_key;
    let depot = Client::builder().base_url(server.url()).api_key(key).tenant_id(&tenant).workspace_id(&depot);
    assert_eq!(depot.build().unwrap().documents().list(ListDocuments::new()).await.unwrap().total, 0);

    // Another kind of 403, for which there is nothing to be said about a binding.
    let denied = logged_in(&server, "mona").await.users().list(ListUsers::new()).await.unwrap_err();
    assert!(denied.is_forbidden() && !denied.is_bound_elsewhere(), "{denied}");
}

#[tokio::test]
async fn credentials_that_are_or_hold_a_session_are_that_session() {
    let server = server().start().await.unwrap();
    let bare = anonymous(&server);
    let jwt = bare.session_builder().login("mona", "mona-password").build().unwrap();
    let chain = || Chain::builder().environment(Env::with(|_| None)).stored_login(jwt.clone()).build();
    let clients = [
        bare.with_credentials(jwt.clone()),
        bare.with_credentials(chain()),
        Client::builder().base_url(server.url()).credentials(jwt.clone()).build().unwrap(),
        Client::builder().base_url(server.url()).credentials(chain()).build().unwrap(),
    ];
    for client in clients {
        jwt.login().await.unwrap();
        client.auth().me().await.unwrap();
        assert_eq!(client.session().unwrap().logins(), jwt.logins());
        let outcome = client.logout().await.unwrap();
        assert!(matches!(outcome.server, Revocation::Revoked), "{outcome:?}");
        client.auth().me().await.unwrap_err();
    }
    assert!(bare.with_credentials(StaticKey::new("k").unwrap()).session().is_none());
}

#[tokio::test]
async fn a_refused_key_of_a_file_is_sent_again_only_if_the_file_has_another() {
    let server = server().start().await.unwrap();
    let root = logged_in(&server, "root").await;
    let created = root.api_keys().create(CreateApiKey::new().scopes([KeyScope::Read])).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "wrong").unwrap();
    let client = anonymous(&server).with_credentials(KeyFile::new(&path));
    let requests = || server.recorder().requests().len();
    server.recorder().start();
    let before = requests();
    for attempts in 1..=3 {
        let error = client.tasks().list(ListTasks::new()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unauthorized { replayed: false, .. }), "{error:?}");
        assert_eq!(requests() - before, attempts);
    }
    std::fs::write(&path, created.api_key.expose()).unwrap();
    in_default_scope(&client).tasks().list(ListTasks::new()).await.unwrap();
    assert_eq!(requests() - before, 5);
    in_default_scope(&client).tasks().list(ListTasks::new()).await.unwrap();
    assert_eq!(requests() - before, 6);
}
