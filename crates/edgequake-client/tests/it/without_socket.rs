//! The dev server inside a test, called as a tower service: what a user's own test relies on.

use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::query::Query;
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_client::{Client, ErrorKind, RetryConfig};
use edgequake_devserver::{DevServer, Fault, SeedDocument};

const KEY: &str = "k1";

fn tenant(digit: char) -> (TenantId, WorkspaceId) {
    let id = |kind: char| format!("{kind}000000{digit}-0000-4000-8000-000000000000");
    (id('a').parse().unwrap(), id('b').parse().unwrap())
}

#[tokio::test]
async fn two_tenants_are_there_from_the_start_and_see_their_own() {
    let [one, two] = ['1', '2'].map(tenant);
    let seed = |text: &str, (tenant, workspace): &(TenantId, WorkspaceId)| {
        SeedDocument::new("Bridge", text).in_workspace(tenant.clone(), workspace.clone())
    };
    let server = DevServer::builder()
        .master_key(KEY)
        .workspace(one.0.clone(), one.1.clone())
        .workspace(two.0.clone(), two.1.clone())
        .document(seed("The northern bridge opened in 1931.", &one))
        .document(seed("The southern bridge opened in 1977.", &two))
        .build()
        .unwrap();
    let client = Client::builder().api_key(KEY).build_on(server.service()).unwrap();
    for ((tenant, workspace), own, other) in [(one, "1931", "1977"), (two, "1977", "1931")] {
        let client = client.with_tenant(tenant).with_workspace(workspace);
        let answer = client.query().execute(Query::new("When did the bridge open?")).await.unwrap().answer;
        assert!(answer.contains(own) && !answer.contains(other), "{answer}");
        client.documents().upload_text(UploadText::new("Another text.")).await.unwrap();
        assert_eq!(client.documents().list(ListDocuments::new()).await.unwrap().total, 2);
    }
}

#[tokio::test]
async fn a_reset_is_an_answer_that_breaks_off() {
    let server = DevServer::builder().master_key(KEY).build().unwrap();
    let client =
        Client::builder().api_key(KEY).retry(RetryConfig::none()).build_on(server.service()).unwrap();
    let client = client.with_tenant("default").with_workspace("default");
    for fault in [Fault::reset(), Fault::reset().after_execution(), Fault::reset_after_head()] {
        server.faults().add(fault.times(1)).unwrap();
        let error = client.documents().list(ListDocuments::new()).await.unwrap_err();
        // A service cannot fail as a socket does: the answer begins, and breaks off.
        assert_eq!(error.kind(), ErrorKind::Body, "{error:?}");
    }
    client.documents().list(ListDocuments::new()).await.unwrap();
    let error = server.faults().add(Fault::fail_processing("embedding").on("Query")).unwrap_err();
    insta::assert_snapshot!(error, @"`on` cannot limit failures of processing, which belong to no operation; leave it out");
}
