//! Knowledge that is injected into a workspace.

use edgequake_devserver::{DevServer, Era, Fault};
use edgequake_types::documents::ListDocuments;
use edgequake_types::injections::{
    AddInjection, DeleteInjection, GetInjection, InjectionSource, InjectionStatus, ListInjections,
    UpdateInjection, UploadInjection,
};
use edgequake_types::query::{DocumentFilter, Query};
use edgequake_types::tasks::{CancelTask, ListTasks, RetryTask, Task, TaskStatus, TaskType};
use edgequake_types::{InjectionId, WorkspaceId};
use http::Method;

use crate::support::{ADMIN, Api, Transcript, USER, redact, with_users};

fn workspace() -> WorkspaceId {
    WorkspaceId::server_default()
}

/// A client of an owner of the default workspace.
async fn owner(server: &DevServer) -> Api {
    Api::new(server).logged_in(ADMIN).await.in_default()
}

/// Waits until an injection has a status, which is reached a few turns of the scheduler later.
async fn until(api: &Api, id: &InjectionId, status: InjectionStatus) {
    for _ in 0..10_000 {
        if api.ok(&GetInjection::new(workspace(), id)).await.status.as_ref() == Some(&status) {
            return;
        }
    }
    panic!("the injection is never {status}");
}

/// Adds a text and waits until it is processed.
async fn added(api: &Api, name: &str, content: &str) -> InjectionId {
    let accepted = api.ok(&AddInjection::new(workspace(), name, content)).await;
    until(api, &accepted.injection_id, InjectionStatus::Completed).await;
    accepted.injection_id
}

/// The latest task that processes an injection.
async fn task(api: &Api) -> Task {
    let list = ListTasks::new().task_type(TaskType::KnowledgeInjection);
    api.ok(&list).await.tasks.remove(0)
}

#[tokio::test]
async fn full_responses() {
    let server = with_users().start().await.unwrap();
    let api = owner(&server).await;
    let mut transcript = Transcript::default();
    let answer = api.send(&AddInjection::new(workspace(), "Glossary", "GG means Golden Gate.")).await;
    transcript.note("add", &answer);
    let id = answer.model::<AddInjection>().injection_id;
    until(&api, &id, InjectionStatus::Completed).await;
    transcript.note("get", &api.send(&GetInjection::new(workspace(), &id)).await);
    transcript.note("list", &api.send(&ListInjections::new(workspace())).await);
    transcript
        .note("task", &api.send(&edgequake_types::tasks::GetTask::new(task(&api).await.track_id)).await);
    let update = UpdateInjection::new(workspace(), &id).content("GG means Golden Gate Bridge.");
    transcript.note("update", &api.send(&update).await);
    transcript.note("delete", &api.send(&DeleteInjection::new(workspace(), &id)).await);
    transcript.note("deleted", &api.send(&GetInjection::new(workspace(), &id)).await);
    let large = AddInjection::new(workspace(), "Large", "x".repeat(102_401));
    transcript.note("too large", &api.send(&large).await);
    let _redacted = redact();
    insta::assert_snapshot!("injections", transcript);
}

#[tokio::test]
async fn what_is_injected_is_known_beside_the_documents() {
    let server = with_users().start().await.unwrap();
    let api = owner(&server).await;
    let id = added(&api, "Glossary", "The Harbour Bridge is painted by Ada Berg.").await;
    assert_eq!(api.ok(&ListDocuments::new()).await.total, 0);
    let query = || Query::new("Who painted the Harbour Bridge?");
    let answer = api.ok(&query()).await;
    assert!(answer.answer.contains("Ada Berg"), "{}", answer.answer);
    let source = &answer.sources[0];
    assert_eq!((source.file_path.as_deref(), source.document_id.as_ref()), (Some("Glossary"), None));
    // It is no document that a filter selects.
    let filter = DocumentFilter::new().document_pattern("Glossary");
    assert_eq!(api.ok(&query().document_filter(filter)).await.sources, []);
    // Another version takes the place of the first one.
    let update = UpdateInjection::new(workspace(), &id).content("The tower is made of oak.");
    assert_eq!(api.ok(&update).await.version, 2);
    until(&api, &id, InjectionStatus::Completed).await;
    assert_eq!(api.ok(&query()).await.sources, []);
    assert!(api.ok(&Query::new("What is the tower made of?")).await.answer.contains("oak"));
    api.ok(&DeleteInjection::new(workspace(), &id)).await;
    assert_eq!(api.ok(&Query::new("What is the tower made of?")).await.sources, []);
}

#[tokio::test]
async fn each_call_adds_another_one_and_lists_are_paged() {
    let server = with_users().start().await.unwrap();
    let api = owner(&server).await;
    for number in 0..3 {
        added(&api, "same name", &format!("Text {number}")).await;
    }
    let file = UploadInjection::from_bytes(workspace(), "from a file", "a.txt", "Text 3");
    let file = api.send(&file).await;
    assert_eq!(file.status, 202);
    let id = file.model::<UploadInjection>().injection_id;
    until(&api, &id, InjectionStatus::Completed).await;
    let whole = api.ok(&GetInjection::new(workspace(), &id)).await;
    assert_eq!((whole.source_type, whole.content.as_str()), (Some(InjectionSource::File), "Text 3"));

    let page = api.ok(&ListInjections::new(workspace()).limit(3)).await;
    let names: Vec<&str> = page.items.iter().map(|injection| injection.name.as_str()).collect();
    assert_eq!(
        (names.as_slice(), page.total, page.has_more),
        (["from a file", "same name", "same name"].as_slice(), 4, Some(true))
    );
    let last = api.ok(&ListInjections::new(workspace()).limit(3).offset(3)).await;
    assert_eq!((last.items.len(), last.offset, last.has_more), (1, 3, Some(false)));
    let none = api.ok(&ListInjections::new(workspace()).offset(u64::MAX)).await;
    assert_eq!((none.items.len(), none.has_more), (0, Some(false)));
    // A name alone makes no new version.
    let renamed = api.ok(&UpdateInjection::new(workspace(), &id).name("other")).await;
    assert_eq!((renamed.version, renamed.status), (1, InjectionStatus::Completed));
    assert_eq!(api.ok(&GetInjection::new(workspace(), &id)).await.name, "other");
}

#[tokio::test]
async fn processing_fails_is_cancelled_and_tried_again() {
    let server = with_users().start().await.unwrap();
    let api = owner(&server).await;
    server.faults().add(Fault::fail_processing("embedding").times(1)).unwrap();
    let id = api.ok(&AddInjection::new(workspace(), "a", "The Golden Gate opened.")).await.injection_id;
    until(&api, &id, InjectionStatus::Failed).await;
    let failed = api.ok(&GetInjection::new(workspace(), &id)).await;
    assert_eq!(failed.error.as_deref(), Some("Processing failed at stage embedding"));
    let track = task(&api).await.track_id;
    assert_eq!(api.ok(&RetryTask::new(&track)).await.unwrap().retry_count, 1);
    until(&api, &id, InjectionStatus::Completed).await;
    assert_eq!(task(&api).await.status, TaskStatus::Indexed);

    // A version that comes while the former one is processed takes its place.
    server.faults().add(Fault::hang_processing("chunking").times(2)).unwrap();
    let change = |text: &str| UpdateInjection::new(workspace(), &id).content(text);
    assert_eq!(api.ok(&change("second")).await.status, InjectionStatus::Processing);
    let second = task(&api).await.track_id;
    while server.faults().active().iter().all(|fault| fault.hits == 0) {
        tokio::task::yield_now().await;
    }
    assert_eq!(api.ok(&change("third")).await.version, 3);
    assert_eq!(api.ok(&edgequake_types::tasks::GetTask::new(&second)).await.status, TaskStatus::Cancelled);
    let third = task(&api).await.track_id;
    assert_eq!(api.ok(&CancelTask::new(&third)).await.unwrap().status, TaskStatus::Cancelled);
    let cancelled = api.ok(&GetInjection::new(workspace(), &id)).await;
    assert_eq!((cancelled.status, cancelled.version), (Some(InjectionStatus::Failed), 3));
    assert_eq!(api.send(&CancelTask::new(&track)).await.status, 409);
}

#[tokio::test]
async fn what_is_refused() {
    let server = with_users().master_key("master").start().await.unwrap();
    let api = owner(&server).await;
    for (name, content, cause) in [
        (" ", "text", "400 BAD_REQUEST"),
        ("name", " \n", "400 BAD_REQUEST"),
        ("name", "", "400 BAD_REQUEST"),
    ] {
        let answer = api.send(&AddInjection::new(workspace(), name, content)).await;
        assert_eq!(answer.cause(), cause, "{name:?} {content:?}");
    }
    let file = |bytes: Vec<u8>| UploadInjection::from_bytes(workspace(), "name", "a.txt", bytes);
    assert_eq!(api.send(&file(vec![0xff])).await.cause(), "400 BAD_REQUEST");
    assert_eq!(api.send(&file(vec![b'x'; 102_401])).await.cause(), "413 PAYLOAD_TOO_LARGE");
    assert_eq!(api.send(&file(vec![b'x'; 102_400])).await.status, 202);
    let nameless = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--";
    let path = format!("/api/v1/workspaces/{}/injection/file", workspace());
    let form = "multipart/form-data; boundary=b";
    assert_eq!(api.raw(Method::PUT, &path, form, nameless).await.status, 400);
    // It is a PUT, and nothing else.
    assert_eq!(api.raw(Method::POST, &path, form, nameless).await.status, 405);
    let id = added(&api, "kept", "text").await;
    assert_eq!(api.send(&UpdateInjection::new(workspace(), &id).name(" ")).await.cause(), "400 BAD_REQUEST");
    for unknown in [
        api.send(&GetInjection::new(workspace(), "x")).await,
        api.send(&UpdateInjection::new(workspace(), "x").name("y")).await,
        api.send(&DeleteInjection::new(workspace(), "x")).await,
    ] {
        assert_eq!(unknown.cause(), "404 NOT_FOUND");
    }
    // Who does not own the workspace only reads.
    let member = Api::new(&server).logged_in(USER).await.in_default();
    assert_eq!(member.ok(&ListInjections::new(workspace())).await.total, 2);
    let refused = member.send(&AddInjection::new(workspace(), "a", "b")).await;
    assert_eq!(refused.cause(), "403 FORBIDDEN workspace_admin_required");
}

/// The header decides. Newer servers refuse a path that contradicts it, to whoever has a membership.
#[tokio::test]
async fn the_workspace_is_that_of_the_header() {
    let other = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let tenant = edgequake_types::TenantId::server_default();
    for era in [Era::B, Era::C] {
        let server = with_users().era(era).workspace(tenant.clone(), other.clone()).start().await.unwrap();
        let api = owner(&server).await;
        let path = format!("/api/v1/workspaces/{other}/injection");
        let answer = api.raw(Method::PUT, &path, "application/json", r#"{"name":"a","content":"b"}"#).await;
        if era == Era::C {
            assert_eq!(answer.cause(), "403 FORBIDDEN workspace_path_mismatch");
        } else {
            let accepted = answer.model::<AddInjection>();
            assert_eq!(accepted.workspace_id, Some(workspace()));
            api.ok(&GetInjection::new(workspace(), accepted.injection_id)).await;
        }
    }
}
