//! Each secret against each place that could show it: Debug, Display, error chains, logs at TRACE, panics, names of files,
//! arguments and environment of programs. The names of entries in a keyring are looked at where its mock is, and what Redis sees
//! in `edgequake-redis`.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use crate::jwt::tests::log::Log;
use crate::jwt::tests::rig::{Fault, ORIGIN, Rig, USER, cx};
use crate::{
    Authorization, Chain, Credentials, DotEnv, Env, FileStore, Generation, KeyFile, MemoryStore, Record,
    SharedCredentials, StaticKey, StoredTokens, TokenStore as _, Tokens,
};

/// An error with all its sources, in both forms.
fn chain(error: &dyn Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        writeln!(text, "{error} {error:?} {error:#?}").unwrap();
        next = error.source();
    }
    text
}

fn shown(value: &impl std::fmt::Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn assert_clean(text: &str, harmless: &str) {
    assert!(!text.contains("s3cr3t"), "a secret in: {text}");
    assert!(text.contains(harmless), "{harmless} is missing in: {text}");
}

#[test]
fn no_provider_shows_its_key() {
    let dot_env = DotEnv::parse(".env", "EDGEQUAKE_API_KEY=s3cr3t-k\nEDGEQUAKE_PASSWORD=s3cr3t-p\n").unwrap();
    let env = Env::with(|name| {
        (name.ends_with("_KEY") || name.ends_with("_PASSWORD")).then(|| format!("s3cr3t-{}", name.len()))
    });
    let key = StaticKey::new("s3cr3t-k").unwrap();
    assert_clean(&shown(&key), "authorization");
    assert_clean(&shown(&key.ready(&cx()).unwrap()), "generation");
    assert_clean(&shown(&dot_env), "EDGEQUAKE_PASSWORD");
    assert_clean(&shown(&dot_env.credentials()), ".env");
    assert_clean(&shown(&KeyFile::new("/run/key")), "/run/key");
    let chain = Chain::builder().explicit(key).dot_env(dot_env.credentials());
    assert_clean(&shown(&chain), "Explicit");
    assert_clean(&shown(&SharedCredentials::from(chain.build())), "DotEnvKey");
    // The name of a login is no secret, its password is.
    let named = Env::with(|name| match name {
        "EDGEQUAKE_USERNAME" => Some("mona".to_owned()),
        "EDGEQUAKE_PASSWORD" => Some("s3cr3t-p".to_owned()),
        _ => None,
    });
    assert_clean(&shown(&named), "mona");
    assert_clean(&shown(&env), "authorization");
}

#[test]
fn no_constructor_shows_what_it_refuses() {
    for bad in ["s3cr3t\n\nx", "s3cr3t\u{200b}", "\u{201c}s3cr3t\u{201d}", "s3cr3t\u{0}"] {
        assert_clean(&chain(&StaticKey::new(bad).unwrap_err()), "API key");
        let env = Env::with(|name| (name == "EDGEQUAKE_API_KEY").then(|| bad.to_owned()));
        assert_clean(&shown(&env), "EDGEQUAKE_API_KEY");
        let value = Authorization::new(http::header::AUTHORIZATION, bad, Generation::next());
        assert_clean(&chain(&value.unwrap_err()), "authorization");
        let rig = Rig::default();
        assert_clean(&chain(&rig.builder().tokens(Tokens::new(bad)).build().unwrap_err()), "access_token");
    }
    assert_clean(&chain(&DotEnv::parse(".env", "EDGEQUAKE_API_KEY='s3cr3t").unwrap_err()), "line 1");
}

#[tokio::test(start_paused = true)]
async fn no_session_shows_its_tokens_or_password() {
    let log = Log::default();
    let guard = log.listen();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins");
    let (rig, store) = (Rig::default(), FileStore::new(&path));
    let builder = rig.builder().login(USER, "s3cr3t-p").refresh_token("s3cr3t-r").store(store.clone());
    assert_clean(&shown(&builder), ORIGIN);
    let jwt = builder.build().unwrap();
    assert_clean(&shown(&jwt), USER);

    // A refused refresh, a login, a failing store, a refused login, a garbled answer, a logout: all of it logged.
    jwt.authorize(&cx()).await.unwrap();
    assert_clean(&shown(&jwt), USER);
    assert_clean(&shown(&jwt.session().unwrap()), "mona");
    assert_clean(&shown(&jwt.authorize(&cx()).await.unwrap()), "generation");
    let key = jwt.server().account(USER);
    let record = store.read(&key).await.unwrap().unwrap();
    assert_clean(&shown(&record), "Active");
    let login = std::fs::read_dir(&path).unwrap().next().unwrap().unwrap().path();
    std::fs::write(login.join("00000000000000009999.json"), "{\"s3cr3t").unwrap();
    jwt.login().await.unwrap();
    assert_clean(&chain(&*jwt.last_store_error().unwrap()), "logins");
    assert_clean(&shown(&jwt.watch().status()), "unsaved");
    assert_clean(&shown(&jwt.counters()), "store_errors");
    assert_clean(&shown(&jwt.token().await.unwrap()), "expires_at");
    assert_clean(&chain(&jwt.login_as(USER, "s3cr3t-wrong").await.unwrap_err()), "password is wrong");
    for garbled in [
        "{\"access_token\":\"s3cr3t-a\",\"expires_in\":{\"s3cr3t\":1}}",
        "{\"access_token\":\"s3cr3t a\"}",
        "{\"access_token\":[\"s3cr3t\"]}",
        "{\"access_token\":\"s3cr3t",
    ] {
        rig.fail([Fault::Answer(200, garbled)]);
        assert_clean(&chain(&jwt.login().await.unwrap_err()), "answer");
    }
    rig.fail([Fault::Answer(503, "{\"code\":\"DOWN\"}")]);
    let outcome = jwt.logout().await;
    assert_clean(&shown(&outcome), "DOWN");
    drop(guard);

    let log = log.text();
    assert_clean(&log, "token store failed");
    assert_clean(&log, "refresh token refused");
    assert_clean(&log, "logged in");
}

#[tokio::test]
async fn no_store_and_no_model_shows_its_tokens() {
    let tokens = StoredTokens::new(Some("s3cr3t-a".into()), Some("s3cr3t-r".into()));
    assert_clean(&shown(&tokens), "version");
    let record = Record::new(tokens, std::time::SystemTime::now());
    assert_clean(&shown(&record), "session");
    assert_clean(&shown(&Tokens::new("s3cr3t-a").refresh_token("s3cr3t-r")), "expires_in");
    let store = MemoryStore::new();
    let server = crate::ServerKey::new(ORIGIN.parse().unwrap(), "");
    let _ = store.compare_and_set(&server.account("mona"), None, &record).await.unwrap();
    assert_clean(&shown(&store), ORIGIN);
}

/// All that is below a folder: names, and whether it is its owner's only.
#[cfg(unix)]
fn below(folder: &std::path::Path, found: &mut Vec<(String, bool)>) {
    use std::os::unix::fs::MetadataExt as _;

    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let metadata = entry.metadata().unwrap();
        found.push((entry.file_name().into_string().unwrap(), metadata.mode() & 0o077 == 0));
        if metadata.is_dir() {
            below(&entry.path(), found);
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn no_file_is_named_by_a_secret_or_open_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("logins"));
    let key = crate::ServerKey::new(ORIGIN.parse().unwrap(), "").account("mona");
    let tokens = StoredTokens::new(Some("s3cr3t-a".into()), Some("s3cr3t-r".into()));
    let mut record = Record::new(tokens, std::time::SystemTime::now());
    record.began_with = Some(crate::store::fingerprint(&"s3cr3t-0".into()));
    let mut expected = None;
    for intended in [false, true, true] {
        let pending = record.tokens().map(|tokens| tokens.version).filter(|_| intended);
        let holder = crate::RandomId::random();
        let since = std::time::SystemTime::now();
        record.intent = pending.map(|tokens| crate::Intent { tokens, holder, since, inherited: false });
        record.write = crate::RandomId::random();
        let swap = store.compare_and_set(&key, expected, &record).await.unwrap();
        let crate::Swap::Done(revision) = swap else { panic!("{swap:?}") };
        expected = Some(revision);
        let mut found = Vec::new();
        below(folder.path(), &mut found);
        assert_eq!(found.iter().any(|(name, _)| name == "spare"), intended, "{found:?}");
        // What a writer leaves that is killed before its file has a name.
        crate::store::file::leave_temporary(&store, &key, &record);
        below(folder.path(), &mut found);
        assert!(found.iter().any(|(name, _)| name.ends_with(".tmp")), "{found:?}");
        for (name, private) in found {
            assert!(private && !name.contains("s3cr3t"), "{name}");
        }
    }
    // A record that was logged out of says nothing of the tokens.
    record.status = crate::Status::ended(crate::EndReason::LoggedOut, std::time::SystemTime::now());
    let _ = store.compare_and_set(&key, expected, &record).await.unwrap();
    let login = std::fs::read_dir(store.path()).unwrap().next().unwrap().unwrap().path();
    let newest = login.join("00000000000000000004.json");
    assert_clean(&std::fs::read_to_string(newest).unwrap(), "logged_out");
}

#[tokio::test]
async fn a_panic_of_the_transport_shows_no_secret() {
    // What a panic prints goes through the hook, which is one for the process: other tests may be heard, too.
    let printed = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&printed);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| writeln!(heard.lock().unwrap(), "{panic}").unwrap()));
    let rig = Rig::default();
    rig.fail([Fault::Panic, Fault::Panic]);
    let jwt = rig.builder().login(USER, "s3cr3t-p").refresh_token("s3cr3t-r").build().unwrap();
    let error = jwt.authorize(&cx()).await.unwrap_err();
    std::panic::set_hook(before);
    assert_clean(&chain(&error), "interrupted");
    assert_clean(&printed.lock().unwrap(), "panicked at");
}

#[cfg(unix)]
#[tokio::test]
async fn no_credential_program_is_shown_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program");
    // It writes down all that others on this machine could see of it, and what it is asked.
    let text = format!(
        "#!/bin/sh\ncd {}\nn=$(cat runs 2>/dev/null | wc -l)\necho \"run $0 $*\" >> runs\nenv > env-$n\n{}\nread -r line\n\
         echo \"$line\" >> asked\nprintf '{{\"Ok\":{{\"kind\":\"get\",\"token\":\"s3cr3t-%s\"}}}}\\n' \"$n\"\n",
        folder.path().display(),
        "echo '{\"v\":[1]}'"
    );
    std::fs::write(&path, text).unwrap();
    let program = crate::Program::new("sh").arg(&path).arg("--vault");
    for run in 0..3 {
        let authorization = program.authorize(&cx()).await.unwrap();
        assert_clean(&shown(&authorization), "generation");
        assert!(authorization.header().unwrap().1.to_str().unwrap().ends_with(&format!("s3cr3t-{run}")));
        // The next run is told that this token was refused, but not which it was.
        let _ = program.rejected(authorization.generation());
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("runs").lines().count(), 3);
    assert_clean(&read("runs"), "--vault");
    assert_clean(&read("asked"), "\"refused\":true");
    assert_clean(&shown(&program), "Program");
    let names = |text: &str| -> Vec<_> {
        text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name.to_owned()).collect()
    };
    for run in 0..3 {
        let environment = read(&format!("env-{run}"));
        assert_clean(&environment, "PATH=");
        // Nothing is added to what this process has; a shell adds these.
        let own = ["_", "PWD", "OLDPWD", "SHLVL"];
        let added = |name: &String| std::env::var_os(name).is_none() && !own.contains(&name.as_str());
        let lines: Vec<_> = names(&environment).into_iter().filter(added).collect();
        assert!(lines.is_empty(), "{lines:?}");
    }
}
