use edgequake_types::WorkspaceId;
use edgequake_types::injections::{
    AcceptedInjection, AddInjection, DeleteInjection, DeletedInjection, GetInjection, Injection,
    InjectionList, ListInjections, UpdateInjection, UpdatedInjection, UploadInjection,
};

use crate::table::Table;

#[test]
fn injections() {
    let id = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    Table::of("injections", include_str!("injections.txt"))
        .request("add", &AddInjection::new(&id, "Glossary", "GG: Golden Gate"))
        .request("add a file", &UploadInjection::from_bytes(&id, "Glossary", "/srv/g.txt", "GG: Golden Gate"))
        .request("list", &ListInjections::new(&id))
        .request("list with everything", &ListInjections::new(&id).limit(50).offset(100))
        .request("get", &GetInjection::new(&id, "i/1"))
        .request("update nothing", &UpdateInjection::new(&id, "i-1"))
        .request("update everything", &UpdateInjection::new(&id, "i-1").name("Terms").content("GG"))
        .request("delete", &DeleteInjection::new(&id, "i-1"))
        .answer::<AcceptedInjection>("added")
        .answer::<AcceptedInjection>("added, with its name")
        .answer::<InjectionList>("listed")
        .answer_read::<InjectionList>("listed bare")
        .answer_read::<InjectionList>("listed without paging")
        .answer::<Injection>("got")
        .answer::<UpdatedInjection>("updated")
        .answer::<DeletedInjection>("deleted")
        .answer_read::<DeletedInjection>("deleted without a body")
        .finish();
}
