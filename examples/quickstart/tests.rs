use edgequake_devserver::Era;

use super::*;

/// "Against a real server only the address and the password change."
#[tokio::test]
async fn it_runs_on_other_servers_with_their_address_and_password() {
    let server = || DevServer::builder().user("grace", "grace@example.com", "another password", Role::Admin);
    for server in [
        // Binds logins, and its tokens live for a day.
        server().strict_scope(true),
        server().era(Era::B),
        server().era(Era::B).strict_scope(true),
    ] {
        let server = server.start().await.unwrap();
        tour(server.url(), "grace@example.com", "another password").await.unwrap();
        assert_eq!((server.stats().logins, server.stats().unauthorized), (1, 0));
        server.shutdown().await;
    }
}
