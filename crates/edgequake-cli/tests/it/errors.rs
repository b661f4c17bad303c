//! What goes wrong is told on one line, with a hint, and in the exit code.

use edgequake_devserver::Fault;

use crate::rig::{MONA_PASSWORD, Rig, assert_transcript, server};

#[tokio::test]
async fn arguments_that_make_no_sense() {
    let mut rig = Rig::new().await;
    rig.cli(&[]).await;
    rig.cli(&["documents"]).await;
    rig.cli(&["documents", "upload"]).await;
    rig.cli(&["frobnicate"]).await;
    rig.cli(&["status", "--timeout", "0"]).await;
    rig.cli(&["status", "--base-url", "ftp://x"]).await;
    rig.cli(&["status", "--base-url", "http://u:s3cr3t@x"]).await;
    rig.cli(&["status", "--env-file", "none.env"]).await;
    rig.cli(&["--password", "x", "login"]).await;
    assert_eq!(rig.server.stats().requests, 0);
    assert_transcript!(rig);
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let mut rig = Rig::new().await;
    // A port that was free a moment ago, and is kept so.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    rig.env("EDGEQUAKE_BASE_URL", &url);
    let refused = rig.cli(&["status", "--timeout", "2", "-v"]).await;
    assert_eq!(refused.code, 7, "{}", refused.stderr);
    assert!(refused.stdout.contains("no answer"), "{}", refused.stdout);
    assert!(refused.stderr.contains("hint: is the server running there?"), "{}", refused.stderr);
    assert!(refused.stderr.contains("cause: "), "{}", refused.stderr);
}

#[tokio::test]
async fn failures_name_what_they_are_about() {
    let mut rig = Rig::as_root().await;
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t-k");
    let id = "6f1d7c1e-3a52-4b7a-9f00-5f2f6d0f4a11";
    let commands = [
        &["documents", "get", id][..],
        &["documents", "impact", id],
        &["documents", "wait", id, "--timeout", "0.5"],
        &["documents", "delete", id],
        &["documents", "cancel", id],
        &["documents", "reprocess", id],
        &["tasks", "get", id],
        &["tasks", "wait", id, "--timeout", "0.5"],
        &["tasks", "cancel", id],
        &["tasks", "retry", id],
        &["api-keys", "revoke", id],
        &["users", "delete", id],
        &["workspaces", "delete", id, "--yes"],
        &["workspaces", "stats", id],
        &["workspaces", "stats", "bridges-2"],
    ];
    for (fault, code) in [(Fault::status(500), 1), (Fault::status(403), 4)] {
        rig.server.faults().clear();
        rig.server.faults().add(fault).unwrap();
        for args in commands {
            let run = rig.cli(args).await;
            assert_eq!(run.stderr.matches(args[2]).count(), 1, "{args:?}: {}", run.stderr);
            assert_eq!(run.code, code, "{args:?}: {}", run.stderr);
        }
    }
    // A credential that is refused is about none of them.
    rig.server.faults().clear();
    rig.server.faults().add(Fault::unauthorized()).unwrap();
    for args in commands {
        let run = rig.cli(args).await;
        assert_eq!((run.code, run.stderr.contains(args[2])), (3, false), "{args:?}: {}", run.stderr);
    }
}

#[tokio::test]
async fn ids_that_are_none_send_nothing() {
    let mut rig = Rig::new().await;
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t-k");
    for none in ["", " ", ".", ".."] {
        for args in [
            &["documents", "get", none][..],
            &["documents", "impact", none],
            &["documents", "wait", "d-1", none],
            &["documents", "delete", "d-1", none],
            &["documents", "cancel", "d-1", none],
            &["documents", "reprocess", "d-1", none],
            &["documents", "recover-stuck", none],
            &["tasks", "get", none],
            &["tasks", "wait", "t-1", none],
            &["tasks", "cancel", "t-1", none],
            &["tasks", "retry", "t-1", none],
            &["api-keys", "revoke", none],
            &["api-keys", "rotate", none],
            &["users", "delete", none],
            &["workspaces", "delete", none, "--yes"],
            &["workspaces", "stats", none],
            &["--workspace", none, "documents", "list"],
            &["--tenant", none, "documents", "list"],
        ] {
            let run = rig.cli(args).await;
            let plain = run.stderr.starts_with(&format!("error: invalid value '{none}' for '"));
            assert_eq!((run.code, plain), (2, true), "{args:?}: {}", run.stderr);
        }
    }
    assert_eq!(rig.server.stats().requests, 0);
    // Blanks around an id are none of it.
    let run = rig.cli(&["documents", "get", " d-1\n"]).await;
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert_eq!(rig.server.request_log()[0].path, "/api/v1/documents/d-1");
}

#[tokio::test]
async fn texts_that_say_nothing_send_nothing() {
    let mut rig = Rig::new().await;
    for blank in ["", " "] {
        for args in [
            &["query", blank][..],
            &["workspaces", "create", blank],
            &["workspaces", "create", "A", "--slug", blank],
            &["tenants", "create", blank],
            &["tenants", "create", "A", "--slug", blank],
            &["users", "create", blank, "a@corp.test"],
            &["users", "create", "a", blank],
            &["api-keys", "create", "--name", blank],
            &["api-keys", "rotate", "k-1", "--name", blank],
            &["pipeline", "costs", blank, "--input", "1"],
        ] {
            let run = rig.cli(args).await;
            let plain = run.stderr.contains(": it must not be empty\n");
            assert_eq!((run.code, plain), (2, true), "{args:?}: {}", run.stderr);
        }
    }
    assert_eq!(rig.server.stats().requests, 0);
}

#[tokio::test]
async fn plain_http_to_another_machine() {
    let mut rig = Rig::new().await;
    rig.env("EDGEQUAKE_BASE_URL", "http://192.0.2.1:8080");
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t-k");
    rig.cli(&["documents", "list"]).await;
    rig.env("EDGEQUAKE_API_KEY", "");
    rig.cli_with(&["login", "mona", "--password-stdin"], MONA_PASSWORD).await;
    assert_transcript!(rig);
}

#[tokio::test]
async fn a_rate_limit_that_does_not_pass_in_time() {
    let mut rig = Rig::with(server().static_key("k1").rate_limit(Some((1, 0.001)))).await;
    rig.env("EDGEQUAKE_API_KEY", "k1");
    rig.cli(&["documents", "list"]).await;
    let limited = rig.cli(&["documents", "list", "--timeout", "2"]).await;
    assert_eq!(limited.code, 6, "{}", limited.stderr);
}

#[tokio::test]
async fn refused_and_missing_credentials() {
    let mut rig = Rig::new().await;
    rig.cli(&["documents", "list"]).await;
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t-k");
    rig.cli(&["documents", "list", "-v"]).await;
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t\u{200b}k");
    rig.cli(&["documents", "list"]).await;
    assert_transcript!(rig);
}

#[tokio::test]
async fn what_is_public_needs_no_credential() {
    let mut rig = Rig::new().await;
    rig.cli(&["status"]).await.succeeded();
    rig.cli(&["raw", "GET", "/ready"]).await.succeeded();
    assert!(
        rig.server.request_log().iter().all(|seen| !seen.headers.iter().any(|name| name == "authorization"))
    );

    let mut open = Rig::with(server().auth(false)).await;
    open.cli(&["documents", "list"]).await.succeeded();
    open.cli(&["users", "list"]).await.succeeded();
}

#[tokio::test]
async fn a_login_that_is_bound_to_another_workspace() {
    let mut rig = Rig::with(server().strict_scope(true)).await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.env("EDGEQUAKE_WORKSPACE_ID", "6f1d7c1e-3a52-4b7a-9f00-5f2f6d0f4a11");
    rig.cli(&["documents", "list"]).await;
    assert_transcript!(rig);
    // The hint holds.
    rig.env("EDGEQUAKE_WORKSPACE_ID", "");
    rig.cli(&["api-keys", "create", "--scope", "write"]).await.succeeded();
}
