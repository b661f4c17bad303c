//! Readers that close the pipe, and disks that are full.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::types::documents::UploadText;
use edgequake_client::types::{TenantId, WorkspaceId};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use crate::rig::{ROOT_PASSWORD, Rig, server};
use crate::uploads::write;

/// Runs the program, reads as much as `head` would, and closes the pipe.
async fn cut_after(rig: &Rig, args: &[&str], bytes: usize) -> (ExitStatus, String) {
    let mut child = rig.command(args).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut read = vec![0; bytes];
    stdout.read_exact(&mut read).await.unwrap();
    drop(stdout);
    let output = child.wait_with_output().await.unwrap();
    (output.status, String::from_utf8(output.stderr).unwrap())
}

async fn with_documents(documents: usize) -> Rig {
    let mut rig = Rig::as_root().await;
    let client = Client::builder()
        .base_url(rig.server.url())
        .tenant_id(TenantId::server_default())
        .workspace_id(WorkspaceId::server_default())
        .build()
        .unwrap();
    let client = client.login("root", ROOT_PASSWORD).await.unwrap();
    for number in 0..documents {
        client.documents().upload_text(UploadText::new(format!("text {number}"))).await.unwrap();
    }
    rig.cli(&["whoami"]).await.succeeded();
    rig
}

#[tokio::test]
async fn a_list_that_is_cut_ends_quietly_and_leaves_the_session_alone() {
    let mut rig = with_documents(5_000).await;
    let before = std::fs::read(rig.record()).unwrap();
    for args in [&["documents", "list", "--all"][..], &["documents", "list", "--all", "--json"]] {
        let (status, stderr) = cut_after(&rig, args, 40).await;
        assert_eq!((status.code(), &*stderr), (Some(0), ""), "{args:?}");
    }
    let asked = |rig: &Rig| {
        rig.server
            .request_log()
            .iter()
            .filter(|seen| seen.path == "/api/v1/documents" && seen.method == "GET")
            .count()
    };
    // Nobody reads on, so not all of the 50 pages were asked for, twice.
    assert!(asked(&rig) < 50, "{}", asked(&rig));
    assert_eq!(std::fs::read(rig.record()).unwrap(), before);
    let all = rig.cli(&["documents", "list", "--all", "--json"]).await.succeeded();
    assert_eq!(all.json().as_array().unwrap().len(), 5_000);
}

#[tokio::test]
async fn a_streamed_answer_that_is_cut_ends_quietly() {
    let mut rig = Rig::with(server().token_delay(Duration::from_millis(5))).await;
    rig.quiet_login("root", ROOT_PASSWORD).await;
    for args in [&["query", "Anything?", "--stream"][..], &["query", "Anything?", "--stream", "--json"]] {
        let (status, stderr) = cut_after(&rig, args, 10).await;
        assert_eq!((status.code(), &*stderr), (Some(0), ""), "{args:?}");
    }
    rig.cli(&["whoami"]).await.succeeded();
}

#[tokio::test]
async fn tokens_are_shown_as_they_come() {
    let mut rig = Rig::with(server().token_delay(Duration::from_millis(20))).await;
    rig.quiet_login("root", ROOT_PASSWORD).await;
    let mut child = rig.command(&["query", "Anything?", "--stream"]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let first = stdout.fill_buf().await.unwrap().to_vec();
    let mut all = Vec::new();
    stdout.read_to_end(&mut all).await.unwrap();
    assert!(child.wait().await.unwrap().success());
    assert!(!first.is_empty() && first.len() < all.len(), "{first:?}");
}

#[tokio::test]
async fn help_and_every_kind_of_output_bear_a_closed_pipe() {
    let rig = Rig::as_root().await;
    for args in [
        &["--help"][..],
        &["--version"],
        &["status"],
        &["whoami", "--json"],
        &["raw", "GET", "/health"],
        &["tenants", "list"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = rig.cli_to(args, writer).await;
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{args:?}");
    }
    // Nor does it matter that nobody hears what is said beside.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let refused =
        rig.command(&["documents", "get", "none"]).stderr(Stdio::from(writer)).status().await.unwrap();
    assert_eq!(refused.code(), Some(5));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_a_failure() {
    let rig = Rig::as_root().await;
    for args in [&["--help"][..], &["status"], &["tenants", "list", "--json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = rig.cli_to(args, full).await;
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("error: cannot write to stdout: "), "{stderr}");
    }
}

#[tokio::test]
async fn an_upload_goes_on_without_its_reader() {
    for json in [false, true] {
        let rig = Rig::as_root().await;
        let names: Vec<String> = (0..10).map(|number| format!("book/{number}.md")).collect();
        write(rig.home.path(), &names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut args = vec!["documents", "upload", "book", "--wait"];
        args.extend(json.then_some("--json"));
        let (status, stderr) = cut_after(&rig, &args, 40).await;
        assert_eq!((status.code(), rig.server.stats().uploads), (Some(0), 10), "{stderr}");
        let told = "10 files: 10 uploaded, 0 skipped, 0 failed; 10 processed, 0 not";
        assert!(stderr.contains(told), "{stderr}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_upload_ends_at_a_full_disk_and_tells_what_was_taken() {
    let rig = Rig::as_root().await;
    let names: Vec<String> = (0..10).map(|number| format!("book/{number}.md")).collect();
    write(rig.home.path(), &names.iter().map(String::as_str).collect::<Vec<_>>());
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = rig.cli_to(&["documents", "upload", "book", "--wait", "--jobs", "1"], full).await;
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error: cannot write to stdout: "), "{stderr}");
    let hint = stderr.lines().find(|line| line.starts_with("hint: the server goes on")).unwrap();
    let command = hint.split('`').nth(1).unwrap().strip_prefix("edgequake-cli documents wait ").unwrap();
    let taken = rig.server.stats().uploads;
    assert_eq!(command.split(' ').count() as u64, taken, "{stderr}");
    assert!(taken < 10 && hint.contains("--resume"), "{stderr}");
}
