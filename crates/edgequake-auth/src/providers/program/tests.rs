use std::path::Path;

use super::*;
use crate::{Chain, CredentialsErrorKind as Kind};

fn cx() -> AuthContext {
    AuthContext::new("https://eq.example.com".parse().unwrap())
}

/// A program that greets, writes down what it is asked, and answers with `answer`, in which `$n` counts its runs.
fn script(folder: &Path, greeting: &str, answer: &str) -> Program {
    let path = folder.join("program");
    let text = format!(
        "#!/bin/sh\ncd {}\nn=$(cat runs 2>/dev/null | wc -l)\nn=$((n + 1))\necho run \"$@\" >> runs\n{greeting}\nread -r line\nprintf '%s\\n' \"$line\" >> asked\n{answer}\n",
        folder.display()
    );
    std::fs::write(&path, text).unwrap();
    // Not the file itself: while another test forks, that one has it open for writing, and it cannot be run.
    Program::new("sh").arg(path)
}

const GREETING: &str = r#"echo '{"v":[1]}'"#;

fn answering(folder: &Path, rest: &str) -> Program {
    script(folder, GREETING, &format!(r#"echo '{{"Ok":{{"kind":"get","token":"s3cr3t-'$n'"{rest}}}}}'"#))
}

fn runs(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("runs")).unwrap_or_default().lines().count()
}

fn value(authorization: &Authorization) -> String {
    authorization.header().unwrap().1.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_used_until_it_is_refused_or_expires() {
    for (rest, after_use) in [
        ("", 1),
        (r#","cache":"session""#, 1),
        (r#","cache":"expires","expiration":4102444800"#, 1),
        (r#","cache":"expires","expiration":1"#, 2),
        (r#","cache":"never""#, 2),
        (r#","cache":"of-tomorrow""#, 2),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let program = answering(folder.path(), rest).arg("--vault").carrier(Carrier::ApiKey);
        assert!(program.ready(&cx()).is_none());
        let first = program.authorize(&cx()).await.unwrap();
        assert_eq!((first.header().unwrap().0.as_str(), value(&first).as_str()), ("x-api-key", "s3cr3t-1"));
        program.authorize(&cx()).await.unwrap();
        assert_eq!(runs(folder.path()), after_use, "{rest}");
        assert_eq!(program.ready(&cx()).is_some(), after_use == 1, "{rest}");

        let last = program.authorize(&cx()).await.unwrap();
        assert_eq!(program.rejected(last.generation()), Recourse::Retry);
        assert!(program.ready(&cx()).is_none());
        let next = program.authorize(&cx()).await.unwrap();
        assert!(next.generation() > last.generation() && value(&next) != value(&last));
        let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
        assert_eq!(
            asked.lines().next(),
            Some(r#"{"v":1,"kind":"get","origin":"https://eq.example.com","refused":false}"#)
        );
        assert_eq!(
            asked.lines().last(),
            Some(r#"{"v":1,"kind":"get","origin":"https://eq.example.com","refused":true}"#)
        );
        let shown = format!("{program:?} {program:#?} {last:?}");
        assert!(!shown.contains("s3cr3t") && shown.contains("\"sh\""), "{shown}");
    }
}

#[tokio::test]
async fn what_is_for_one_server_or_other_arguments_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    let program = answering(folder.path(), "");
    let other = AuthContext::new("https://other.example.com".parse().unwrap());
    let first = program.authorize(&cx()).await.unwrap();
    assert!(program.ready(&other).is_none());
    let second = program.authorize(&other).await.unwrap();
    assert_eq!((value(&first), value(&second)), ("Bearer s3cr3t-1".to_owned(), "Bearer s3cr3t-2".to_owned()));
    assert_eq!(value(&program.ready(&cx()).unwrap()), value(&first));
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
    assert!(asked.lines().nth(1).unwrap().contains("https://other.example.com"), "{asked}");
    assert_eq!(program.rejected(first.generation()), Recourse::Retry);
    assert!(program.ready(&cx()).is_none() && program.ready(&other).is_some());
    assert!(program.clone().arg("--vault").ready(&other).is_none());
    assert!(program.clone().carrier(Carrier::ApiKey).ready(&other).is_none());
}

#[tokio::test]
async fn callers_at_once_wait_for_one_run_and_the_same_token_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), GREETING, r#"echo '{"Ok":{"kind":"get","token":"s3cr3t"}}'"#);
    let callers = (0..16).map(|_| {
        let program = program.clone();
        tokio::spawn(async move { program.authorize(&cx()).await.unwrap().generation() })
    });
    let mut generations = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        generations.push(caller.await.unwrap());
    }
    generations.dedup();
    assert_eq!((runs(folder.path()), generations.len()), (1, 1));
    // After a refusal it gives the same again, which is not worth another request.
    program.rejected(generations[0]);
    assert_eq!(program.authorize(&cx()).await.unwrap().generation(), generations[0]);
    assert_eq!(runs(folder.path()), 2);
}

#[tokio::test]
async fn what_a_program_does_wrong_is_told_without_a_token() {
    let mut table = String::new();
    for (greeting, answer) in [
        ("exit 3", ""),
        ("echo hello s3cr3t", ""),
        (r#"echo '{"v":[2]}'"#, ""),
        (GREETING, "exit 1"),
        (GREETING, "echo s3cr3t"),
        (GREETING, r#"echo '{"Ok":{"kind":"get","token":7,"s3cr3t":1}}'"#),
        (GREETING, r#"echo '{"Ok":{"kind":"get","token":"s3cr3t s3cr3t\u2014"}}'"#),
        (GREETING, r#"echo '{"Ok":{"kind":"get","token":""}}'"#),
        (GREETING, r#"echo '{"Err":{"kind":"not-found","message":"the vault\u0007 is empty"}}'"#),
        (GREETING, r#"echo '{"Err":{"kind":"other","message":"the vault is locked"}}'"#),
        (GREETING, r#"echo '{"Err":{"kind":"of-tomorrow"}}'"#),
        (GREETING, "head -c 70000 /dev/zero | tr '\\0' s"),
        (GREETING, "head -c 10 /dev/urandom | tr -dc '\\200-\\377'; echo"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), greeting, answer);
        let error = program.authorize(&cx()).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("s3cr3t"), "{shown}");
        table += &format!("{:?}: {error}\n", error.kind());
    }
    let error = Program::new("/nowhere/program").authorize(&cx()).await.unwrap_err();
    table += &format!("{:?}: {error}\n", error.kind());
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn one_that_hangs_is_killed_after_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    for (greeting, answer) in
        [("echo $$ > pid; exec sleep 1000", ""), (GREETING, "echo $$ > pid; exec sleep 1000")]
    {
        let program = script(folder.path(), greeting, answer).time_limit(Duration::from_millis(300));
        let error = program.authorize(&cx()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::TimedOut);
        assert!(error.to_string().ends_with("did not answer within 300ms"), "{error}");
        let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
        assert!(!Path::new("/proc").join(pid.trim()).exists() || !cfg!(target_os = "linux"));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_it_has_started_is_killed_with_it() {
    for (greeting, answer) in [
        // It hangs, it has ended and left its pipe to another, and it has answered and does not end.
        ("sleep 1000 3>held & wait", ""),
        ("sleep 1000 3>held &", "exit 0"),
        (GREETING, r#"echo '{"Ok":{"kind":"get","token":"s3cr3t"}}'; sleep 1000 3>held >&- & wait"#),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let held = folder.path().join("held");
        assert!(std::process::Command::new("mkfifo").arg(&held).status().unwrap().success());
        // It ends once nobody is left who could write.
        let (done, gone) = std::sync::mpsc::channel();
        std::thread::spawn(move || done.send(std::fs::read(held).unwrap()));
        let program = script(folder.path(), greeting, answer).time_limit(Duration::from_millis(500));
        let result = program.authorize(&cx()).await;
        assert_eq!(result.is_ok(), greeting == GREETING, "{greeting}: {result:?}");
        let gone = tokio::task::spawn_blocking(move || gone.recv_timeout(Duration::from_secs(20)));
        assert_eq!(gone.await.unwrap().as_deref(), Ok(&[][..]), "{greeting}: somebody is left");
    }
}

#[tokio::test]
async fn a_chain_goes_on_when_the_program_has_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), GREETING, r#"echo '{"Err":{"kind":"not-found"}}'"#);
    let chain = Chain::builder().explicit(program).stored_login(StaticKey::new("k1").unwrap()).build();
    assert_eq!(value(&chain.authorize(&cx()).await.unwrap()), "Bearer k1");
}

#[tokio::test]
async fn whoever_waits_for_a_program_that_fails_is_told_and_runs_none() {
    let folder = tempfile::tempdir().unwrap();
    // It ends once all are waiting.
    let program = script(folder.path(), GREETING, "while [ ! -e go ]; do :; done\nexit 3");
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let program = program.clone();
        calls.spawn(async move { program.authorize(&cx()).await.unwrap_err().to_string() });
    }
    // All of them have had a look before the program says so.
    while runs(folder.path()) == 0 {
        tokio::task::yield_now().await;
    }
    std::fs::write(folder.path().join("go"), "").unwrap();
    let texts: std::collections::BTreeSet<String> = calls.join_all().await.into_iter().collect();
    assert_eq!((texts.len(), runs(folder.path())), (1, 1), "{texts:?}");
    // The next one tries again.
    program.authorize(&cx()).await.unwrap_err();
    assert_eq!(runs(folder.path()), 2);
}
