//! The code of the READMEs, run. `cargo xtask readme` holds the files beside this one and the blocks of the READMEs to be the same.
//!
//! A program runs in a process of its own, with a server in its environment and the files that it reads in its folder. A test runs as
//! what it is.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;
use edgequake_devserver::{DevServer, Fault, Role};
use tokio::process::Command;

/// Takes files in as modules: programs with a test that calls their `main`, and tests.
macro_rules! files {
    (programs: $($program:ident)*; tests: $($test:ident)*; compiled: $($compiled:ident)*;) => {
        $(mod $program {
            include!(concat!(stringify!($program), ".rs"));

            #[test]
            #[ignore = "a program, which needs a server: `the_programs_run` starts it"]
            fn program() {
                main().unwrap();
            }
        })*
        $(mod $test {
            include!(concat!(stringify!($test), ".rs"));
        })*
        $(mod $compiled {
            include!(concat!(stringify!($compiled), ".rs"));

            #[test]
            #[ignore = "a program, which needs more than a server"]
            fn program() {
                main().unwrap();
            }
        })*
        const FILES: &[&str] = &[$(stringify!($program),)* $(stringify!($test),)* $(stringify!($compiled),)*];
        const COMPILED: &[&str] = &[$(stringify!($compiled),)*];
    };
}

files! {
    programs: ask calls credentials keep_login layers logging network own_endpoint tokens types upload upload_many;
    tests: dev_server own_code;
    compiled: redis_store;
}

/// A program and a part of what it prints.
const PROGRAMS: &[(&str, &str)] = &[
    ("ask", "The harbour bridge opened in 1931."),
    ("calls", "The bridge to the north is of stone."),
    ("credentials", r#"{"authorization": Sensitive}"#),
    ("keep_login", "user@example.com"),
    ("layers", "200 OK"),
    ("logging", " documents"),
    ("network", "server "),
    ("own_endpoint", "GET /plugins/labels/report%201?limit=5"),
    ("tokens", "user@example.com"),
    ("types", "In 1931."),
    ("upload", ": 1 chunks"),
    ("upload_many", "south.md: 1 chunks"),
];

/// Programs that log in, instead of presenting a key.
const LOGINS: &[&str] = &["keep_login", "logging"];

/// What programs read from their folder.
const INPUT: &[(&str, &str)] = &[
    ("report.md", "# Report\n\nAll bridges are open.\n"),
    ("notes/north.md", "# North\n\nThe bridge to the north is of stone.\n"),
    ("notes/south.md", "# South\n\nThe bridge to the south is of steel.\n"),
    ("corp-ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
];

const KEY: &str = "eq_readme";
const PASSWORD: &str = "SecurePassword123!";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_programs_run() {
    let server = DevServer::builder()
        .user("user", "user@example.com", PASSWORD, Role::User)
        .master_key(KEY)
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in INPUT {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    // `calls` asks about what `upload_many` has uploaded.
    let mut order: Vec<_> = PROGRAMS.iter().collect();
    order.sort_by_key(|(name, _)| *name != "upload_many");
    for (name, expected) in order {
        let Output { status, stdout, stderr } = run(name, &server, folder.path()).await.unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "{name}: {status}\n{stdout}\n{stderr}");
        assert!(stdout.contains(expected), "{name} did not print {expected:?}\n{stdout}\n{stderr}");
    }
}

/// The second run has no password, and goes on with the session of the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_kept_between_runs() {
    let server =
        DevServer::builder().user("user", "user@example.com", PASSWORD, Role::User).start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for password in [Some(PASSWORD), None] {
        let mut command = command("keep_login", &server, folder.path()).unwrap();
        command.env_remove("EDGEQUAKE_PASSWORD");
        command.envs(password.map(|password| ("EDGEQUAKE_PASSWORD", password)));
        let Output { status, stdout, stderr } = command.output().await.unwrap();
        assert!(
            status.success(),
            "{}\n{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        );
        server.expire_access_tokens();
    }
    assert_eq!((server.stats().logins, server.stats().refreshes), (1, 1));
}

/// The log in the README is what the program before it prints, but for times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_in_the_readme_is_what_is_printed() {
    let server =
        DevServer::builder().user("user", "user@example.com", PASSWORD, Role::User).start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = command("logging", &server, folder.path()).unwrap();
    command.env("NO_COLOR", "1");
    let Output { stdout, .. } = command.output().await.unwrap();
    let printed = String::from_utf8(stdout).unwrap().replace(server.url(), "http://127.0.0.1:8080");
    let mut printed: Vec<_> =
        printed.lines().filter_map(|line| Some(masked(&line[line.find("DEBUG ")?..]))).collect();
    // What follows is how its connections end with it.
    let last = printed.iter().rposition(|line| line.ends_with(": read")).unwrap();
    printed.truncate(last + 1);

    let readme = include_str!("../../README.md");
    let block = readme.split_once("### Logging").unwrap().1.split_once("```text\n").unwrap().1;
    let shown: Vec<_> = block.split_once("```").unwrap().0.lines().map(masked).collect();
    assert_eq!(shown.join("\n"), printed.join("\n"), "{}", printed.join("\n"));
}

/// A line of a log without durations.
fn masked(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.split_once('=') {
        Some(("took", _)) => "took=12.3ms",
        Some(("took_ms", _)) => "took_ms=1",
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What the programs do about a document that fails: one starts it again, the other goes on and tells which it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_programs_tell_a_failed_document() {
    let server = DevServer::builder().master_key(KEY).start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in &INPUT[..3] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    server.faults().add(Fault::fail_processing("extracting").times(1)).unwrap();
    let Output { status, stderr, stdout } = run("upload", &server, folder.path()).await.unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{stdout}\n{stderr}");
    assert!(stderr.contains("failed") && !stdout.contains("chunks"), "{stdout}\n{stderr}");
    let client = Client::builder().base_url(server.url()).api_key(KEY).build().unwrap();
    let client = client.with_tenant("default").with_workspace("default");
    let page = client.documents().list(ListDocuments::new()).await.unwrap();
    assert_eq!(page.documents.len(), 1);
    client.documents().wait_for(page.documents[0].id.clone()).await.unwrap();

    server.faults().add(Fault::fail_processing("extracting").times(1)).unwrap();
    let Output { status, stderr, stdout } = run("upload_many", &server, folder.path()).await.unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(!status.success(), "{stdout}\n{stderr}");
    assert!(format!("{stdout}{stderr}").contains("1 of 2 files failed"), "{stdout}\n{stderr}");
    assert_eq!(stdout.matches(": 1 chunks").count(), 1, "{stdout}");
}

/// Runs a program: this program again, with the one test that is its `main`.
async fn run(name: &str, server: &DevServer, folder: &Path) -> std::io::Result<Output> {
    command(name, server, folder)?.output().await
}

fn command(name: &str, server: &DevServer, folder: &Path) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("EDGEQUAKE_") {
            command.env_remove(variable);
        }
    }
    command
        .args([&format!("{name}::program"), "--exact", "--ignored", "--nocapture"])
        .current_dir(folder)
        .env("EDGEQUAKE_BASE_URL", server.url())
        .env("EDGEQUAKE_API_KEY", KEY)
        .env("EDGEQUAKE_TENANT_ID", "default")
        .env("EDGEQUAKE_WORKSPACE_ID", "default")
        .env("RUST_LOG", "edgequake=debug");
    if LOGINS.contains(&name) {
        command.env_remove("EDGEQUAKE_API_KEY").env("EDGEQUAKE_USERNAME", "user");
        command.env("EDGEQUAKE_PASSWORD", PASSWORD);
    }
    Ok(command)
}

#[test]
fn every_file_is_taken_in_and_every_program_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("readme");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned());
    let names: BTreeSet<String> = names.filter(|name| name != "main").collect();
    let taken: BTreeSet<String> = FILES.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(names, taken);
    let programs: BTreeSet<&str> = PROGRAMS.iter().map(|(name, _)| *name).collect();
    let others = FILES.iter().filter(|name| !programs.contains(*name)).count();
    assert_eq!(others + PROGRAMS.len(), FILES.len());
    assert!(COMPILED.iter().all(|name| !programs.contains(name)));
}
