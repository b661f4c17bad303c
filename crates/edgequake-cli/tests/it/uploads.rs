//! Uploads of files, folders, patterns and streams: what is told of each, and of all.

use std::path::Path;
use std::time::Duration;

use edgequake_devserver::Fault;

use crate::rig::{ROOT_PASSWORD, Rig, assert_transcript, server};

pub(crate) fn write(home: &Path, files: &[&str]) {
    for name in files {
        let path = home.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("The text of {name}.\n")).unwrap();
    }
}

/// The last words of what was printed, sorted: files are uploaded in no order.
fn files(stdout: &str) -> Vec<&str> {
    let mut files: Vec<&str> =
        stdout.lines().skip(1).filter_map(|line| line.split_whitespace().next_back()).collect();
    files.sort_unstable();
    files
}

#[tokio::test]
async fn folders_and_patterns() {
    let mut rig = Rig::as_root().await;
    let home = rig.home.path().to_owned();
    write(&home, &["book/a.md", "book/sub/b.txt", "book/drafts/c.md", "book/.hidden.md", "book/made/d.md"]);
    write(&home, &["book/picture.xyz", "x1.md", "x2.md", "x3.txt"]);
    std::fs::write(home.join("book/.gitignore"), "made/\n").unwrap();
    let all = rig.cli(&["documents", "upload", "book", "--wait"]).await.succeeded();
    assert_eq!(files(&all.stdout), ["book/a.md", "book/drafts/c.md", "book/sub/b.txt"]);
    assert!(all.stderr.contains("skipped 1 file: not a type of file that servers take"), "{}", all.stderr);
    assert!(
        all.stderr.contains("4 files: 3 uploaded, 1 skipped, 0 failed; 3 processed, 0 not"),
        "{}",
        all.stderr
    );
    let each = rig.cli(&["documents", "upload", "book", "-v"]).await.succeeded();
    assert!(each.stderr.contains("skipped book/picture.xyz: not a type"), "{}", each.stderr);
    for (options, expected) in [
        (&["book", "--include", "*.md"][..], &["book/a.md", "book/drafts/c.md"][..]),
        (&["book", "--exclude", "drafts/"], &["book/a.md", "book/sub/b.txt"]),
        (
            &["book", "--include", "*.md", "--no-ignore", "--hidden"],
            &["book/.hidden.md", "book/a.md", "book/drafts/c.md", "book/made/d.md"],
        ),
        (&["x*.md"], &["x1.md", "x2.md"]),
        (&["*.md", "x3.txt", "book/sub"], &["book/sub/b.txt", "x1.md", "x2.md", "x3.txt"]),
        (&["book/**/*.txt"], &["book/sub/b.txt"]),
    ] {
        let run = rig.cli(&[&["documents", "upload"], options].concat()).await.succeeded();
        assert_eq!(files(&run.stdout), expected, "{options:?}: {}", run.stderr);
    }
}

#[tokio::test]
async fn paths_that_overlap_are_uploaded_once() {
    let mut rig = Rig::as_root().await;
    let home = rig.home.path().to_owned();
    write(&home, &["two/a.md", "two/b.md"]);
    for paths in [&["two/b.md", "two"][..], &["two", "two/b.md"], &["two/*.md", "two/b.md"], &["two", "two"]]
    {
        let run = rig.cli(&[&["documents", "upload", "--wait"], paths].concat()).await.succeeded();
        assert_eq!(files(&run.stdout), ["two/a.md", "two/b.md"], "{paths:?}: {}", run.stdout);
        assert!(run.stderr.contains("same content as another file"), "{paths:?}: {}", run.stderr);
    }
}

#[tokio::test]
async fn globs_that_cannot_be_read_or_match_nothing_are_told() {
    let mut rig = Rig::as_root().await;
    write(rig.home.path(), &["book/a.md"]);
    for option in ["--include", "--exclude"] {
        for path in ["book", "book/a.md"] {
            let wrong = rig.cli(&["documents", "upload", path, option, "["]).await;
            assert_eq!(wrong.code, 2, "{}", wrong.stderr);
            let told = format!("error: invalid value '[' for '{option} <GLOB>': ");
            assert!(wrong.stderr.starts_with(&told), "{}", wrong.stderr);
            assert!(wrong.stderr.contains("unclosed character class"), "{}", wrong.stderr);
        }
    }
    for json in [&[][..], &["--json"]] {
        let args = ["documents", "upload", "book", "--include", "*.txt"];
        let none = rig.cli(&[&args[..], json].concat()).await.succeeded();
        assert!(none.stderr.contains("warning: there is nothing to upload: "), "{}", none.stderr);
    }
}

#[tokio::test]
async fn what_is_neither_a_file_nor_a_pattern_is_told() {
    let mut rig = Rig::as_root().await;
    let neither = rig.cli(&["documents", "upload", "nofile[1"]).await;
    assert_eq!(neither.code, 1, "{}", neither.stderr);
    let told = "error: there is no file nofile[1, and as a pattern it cannot be read: ";
    assert!(neither.stderr.contains(told), "{}", neither.stderr);
}

#[tokio::test]
async fn what_is_there_is_not_uploaded_again() {
    let mut rig = Rig::as_root().await;
    let home = rig.home.path().to_owned();
    write(&home, &["book/a.md", "book/b.md"]);
    let first = rig.cli(&["documents", "upload", "book", "--resume", "--wait"]).await.succeeded();
    assert_eq!(files(&first.stdout).len(), 2);
    write(&home, &["book/c.md"]);
    let uploads = |rig: &Rig| {
        rig.server.request_log().iter().filter(|seen| seen.path == "/api/v1/documents/upload").count()
    };
    let before = uploads(&rig);
    let second = rig.cli(&["documents", "upload", "book", "--resume", "--wait"]).await.succeeded();
    assert_eq!(uploads(&rig), before + 1);
    assert_eq!(second.stdout.matches("unchanged").count(), 2, "{}", second.stdout);
    assert!(second.stderr.contains("3 files: 1 uploaded, 2 skipped"), "{}", second.stderr);
    // The ids are those of the first run.
    assert!(first.ids().iter().all(|id| second.ids().contains(id)), "{}", second.stdout);
}

#[tokio::test]
async fn streams_have_a_name() {
    let mut rig = Rig::as_root().await;
    let args = ["documents", "upload", "-", "--name", "notes.md", "--title", "Notes", "--wait"];
    let uploaded = rig.cli_with(&args, "# Notes\n\nThe bridge opened in 1931.\n").await.succeeded();
    let content = rig.cli(&["documents", "get", &uploaded.ids()[0], "--content"]).await.succeeded();
    assert_eq!(content.stdout, "# Notes\n\nThe bridge opened in 1931.\n");
    #[cfg(target_os = "linux")]
    {
        // As `<(command)` of a shell, which is a path to a pipe.
        let args =
            ["documents", "upload", "/dev/fd/0", "--name", "piped.txt", "--metadata", r#"{"from":"pipe"}"#];
        rig.cli_with(&args, "From a pipe.\n").await.succeeded();
    }
    rig.cli_with(&["documents", "upload", "-"], "x").await;
    rig.cli_with(&["documents", "upload", "-", "--name", "notes"], "x").await;
    rig.cli_with(&["documents", "upload", "-", "-", "--name", "notes.md"], "x").await;
    rig.cli_with(&["documents", "upload", "-", "--name", "empty.md"], "").await;
    assert_transcript!(rig);
}

#[tokio::test]
async fn a_stream_whose_content_is_there_is_skipped_too() {
    let mut rig = Rig::as_root().await;
    let text = "# Notes\n\nThe bridge opened in 1931.\n";
    let args = ["documents", "upload", "-", "--name", "notes.md", "--title", "Notes", "--resume", "--wait"];
    let first = rig.cli_with(&args, text).await.succeeded();
    let again = rig.cli_with(&args, text).await.succeeded();
    assert_eq!((again.ids(), rig.server.stats().uploads), (first.ids(), 1), "{}", again.stdout);
    assert!(again.stdout.contains("unchanged") && again.stdout.contains(" notes.md"), "{}", again.stdout);
    let content = rig.cli(&["documents", "get", &first.ids()[0], "--content"]).await.succeeded();
    assert_eq!(content.stdout, text);
    // It is one run with the files.
    write(rig.home.path(), &["a.md"]);
    let args = ["documents", "upload", "-", "a.md", "--name", "notes.md", "--resume"];
    let both = rig.cli_with(&args, "The text of a.md.\n").await.succeeded();
    assert!(both.stderr.contains("2 files: 1 uploaded, 1 skipped"), "{}", both.stderr);
    assert!(both.stderr.contains("same content as another file"), "{}", both.stderr);
    let empty = rig.cli_with(&args[..], "").await;
    assert_eq!(empty.code, 1, "{}", empty.stderr);
    assert!(empty.stderr.contains("error: notes.md is empty"), "{}", empty.stderr);
}

#[tokio::test]
async fn every_failure_names_its_file() {
    let mut rig = Rig::as_root().await;
    let home = rig.home.path().to_owned();
    write(&home, &["a.md", "b.md", "c.md"]);
    std::fs::write(home.join("empty.md"), "").unwrap();
    rig.server.faults().add(Fault::status(422).on("UploadFile").times(1)).unwrap();
    let args = ["documents", "upload", "none.md", "empty.md", "*.pdf", "a.md", "--jobs", "1"];
    let failed = rig.cli(&args).await;
    assert_eq!((failed.code, failed.ids().len()), (1, 0), "{}", failed.stderr);
    for name in ["none.md", "empty.md", "*.pdf", "a.md"] {
        let told = |line: &str| line.starts_with("error: ") && line.contains(name);
        assert!(failed.stderr.lines().any(told), "{name} in {}", failed.stderr);
    }
    // One that fails in processing, and one that is turned away for a moment.
    rig.server.faults().add(Fault::fail_processing("embedding").times(1)).unwrap();
    let partly = rig.cli(&["documents", "upload", "b.md", "c.md", "--wait", "--jobs", "1"]).await;
    assert_eq!((partly.code, partly.ids().len()), (1, 2), "{}", partly.stderr);
    // Whichever of them the fault hits.
    let told = |failed: &str, processed: &str| {
        partly.stderr.contains(&format!("error: {failed}: processing document"))
            && partly.stderr.contains(&format!("processed {processed}: 1 chunk"))
    };
    assert!(told("b.md", "c.md") || told("c.md", "b.md"), "{}", partly.stderr);
    // Nothing is left that could be waited for.
    assert!(!partly.stderr.contains("documents wait"), "{}", partly.stderr);
    let json = rig.cli(&["documents", "upload", "none.md", "a.md", "--json", "--wait"]).await;
    let mut events: Vec<_> =
        json.json_lines().iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect();
    events[..3].sort();
    assert_eq!(
        (events.join(" "), json.code),
        ("failed processed uploaded finished".to_owned(), 1),
        "{}",
        json.stdout
    );
    assert_eq!(json.json_lines()[3]["processed"], 1);
}

#[tokio::test]
async fn a_refused_credential_ends_the_upload() {
    let mut rig = Rig::new().await;
    let home = rig.home.path().to_owned();
    let names: Vec<String> = (0..20).map(|number| format!("book/{number}.md")).collect();
    write(&home, &names.iter().map(String::as_str).collect::<Vec<_>>());
    write(&home, &["a.md"]);
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t-k");
    let refused = rig.cli(&["documents", "upload", "book", "a.md", "--jobs", "1"]).await;
    assert_eq!((refused.code, refused.stderr.matches("error: ").count()), (3, 1), "{}", refused.stderr);
    let told = "21 files: 0 uploaded, 0 skipped, 1 failed, 20 not tried";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
}

#[tokio::test]
async fn without_a_list_of_what_is_there_nothing_is_uploaded() {
    let mut rig = Rig::as_root().await;
    write(rig.home.path(), &["book/a.md", "other/b.md", "c.md"]);
    let broken = rig.server.faults().add(Fault::status(500).on("ListDocuments")).unwrap();
    let args = ["documents", "upload", "book", "c.md", "other", "--resume", "--retry", "0"];
    let failed = rig.cli(&args).await;
    assert_eq!((failed.code, failed.stderr.matches("error: ").count()), (1, 1), "{}", failed.stderr);
    for told in [
        "error: what is there already cannot be listed, so nothing was uploaded: /api/v1/documents: 500",
        "3 files: 0 uploaded, 0 skipped, 0 failed, 3 not tried",
        "the same command with --resume uploads what is left",
    ] {
        assert!(failed.stderr.contains(told), "{told} in {}", failed.stderr);
    }
    let hits = rig.server.faults().hits(broken);
    let json = rig.cli(&[&args[..], &["--json"]].concat()).await;
    let lines = json.json_lines();
    assert_eq!(
        (lines.len(), &lines[0]["event"], &lines[0]["exit_code"]),
        (2, &"not_listed".into(), &1.into())
    );
    assert_eq!((&lines[1]["failed"], &lines[1]["not_tried"]), (&0.into(), &3.into()), "{}", json.stdout);
    // However many paths there are, it is asked for once a run, with the retries that a run has.
    assert_eq!(rig.server.faults().hits(broken), 2 * hits);
}

#[tokio::test]
async fn what_is_not_tried_after_a_refused_credential_is_counted() {
    let mut rig = Rig::new().await;
    write(rig.home.path(), &["book/a.md", "book/b.md", "c.md"]);
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t-k");
    let args = ["documents", "upload", "-", "book", "c.md", "--name", "notes.md", "--jobs", "1"];
    let refused = rig.cli_with(&args, "Notes.").await;
    assert_eq!((refused.code, refused.stderr.matches("error: ").count()), (3, 1), "{}", refused.stderr);
    let told = "4 files: 0 uploaded, 0 skipped, 1 failed, 3 not tried";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
    let json = rig.cli_with(&[&args[..], &["--json"]].concat(), "Notes.").await;
    let lines = json.json_lines();
    assert_eq!((lines.len(), &lines[1]["not_tried"]), (2, &3.into()), "{}", json.stdout);
}

#[tokio::test]
async fn a_dead_server_is_not_tried_for_every_file() {
    let mut rig = Rig::new().await;
    let names: Vec<String> = (0..20).map(|number| format!("book/{number}.md")).collect();
    write(rig.home.path(), &names.iter().map(String::as_str).collect::<Vec<_>>());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    rig.env("EDGEQUAKE_BASE_URL", format!("http://{}", free.local_addr().unwrap()));
    drop(free);
    let dead = rig.cli(&["documents", "upload", "book", "--jobs", "1", "--retry", "0"]).await;
    assert_eq!((dead.code, dead.stderr.matches("error: ").count()), (7, 3), "{}", dead.stderr);
    assert!(!dead.stderr.contains("attempts"), "{}", dead.stderr);
    let told = "20 files: 0 uploaded, 0 skipped, 3 failed, 17 not tried";
    assert!(dead.stderr.contains(told), "{}", dead.stderr);
    assert!(dead.stderr.contains("the same command with --resume uploads what is left"), "{}", dead.stderr);
}

#[tokio::test]
async fn a_file_is_tried_again() {
    let mut rig = Rig::as_root().await;
    write(rig.home.path(), &["a.md"]);
    let busy = rig.server.faults().add(Fault::status(503).on("UploadFile")).unwrap();
    let once = rig.cli(&["documents", "upload", "a.md", "--retry", "0"]).await;
    assert_eq!(rig.server.faults().hits(busy), 1);
    assert!(!once.stderr.contains("attempts"), "{}", once.stderr);
    let twice = rig.cli(&["documents", "upload", "a.md", "--retry", "1"]).await;
    assert_eq!((once.code, twice.code), (7, 7), "{}", twice.stderr);
    assert!(rig.server.faults().hits(busy) >= 3, "{}", twice.stderr);
}

#[tokio::test]
async fn several_files_are_uploaded_at_once() {
    let rig = Rig::as_root().await;
    write(rig.home.path(), &["1.md", "2.md", "3.md", "4.md"]);
    let slow = Fault::delayed(Duration::from_secs(3_600)).on("UploadFile");
    let slow = rig.server.faults().add(slow).unwrap();
    let child = rig.command(&["documents", "upload", "*.md", "--jobs", "3"]).spawn().unwrap();
    // None has ended, and three have begun.
    while rig.server.faults().hits(slow) < 3 {
        tokio::task::yield_now().await;
    }
    drop(child);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_has_a_bar_and_a_pipe_has_none() {
    let mut rig = Rig::with(server().processing_delay(Duration::from_millis(500))).await;
    rig.quiet_login("root", ROOT_PASSWORD).await;
    write(rig.home.path(), &["a.md", "b.md"]);
    let (shown, code) =
        rig.cli_on_terminal(100, &["documents", "upload", "a.md", "b.md", "--wait"], "").await;
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("processed [") && shown.contains("of 2"), "{shown}");
    assert!(shown.contains("2 files: 2 uploaded, 0 skipped, 0 failed; 2 processed, 0 not"), "{shown}");
    let piped = rig.cli(&["documents", "upload", "a.md", "b.md", "--wait"]).await.succeeded();
    assert!(!piped.stderr.contains('[') && !piped.stderr.contains('\u{1b}'), "{}", piped.stderr);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn files_without_a_length_are_piped() {
    let mut rig = Rig::as_root().await;
    std::os::unix::fs::symlink("/proc/version", rig.home.path().join("v.md")).unwrap();
    let refused = rig.cli(&["documents", "upload", "v.md"]).await;
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("v.md") && refused.stderr.contains("hint: pipe it"),
        "{}",
        refused.stderr
    );
}
