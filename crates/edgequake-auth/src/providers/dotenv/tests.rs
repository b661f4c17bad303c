use proptest::prelude::*;

use super::*;

fn get(text: &str, name: &str) -> Option<String> {
    DotEnv::parse(".env", text).unwrap().get(name).map(str::to_owned)
}

#[test]
fn a_byte_order_mark_does_not_hide_the_first_variable() {
    let text = "\u{feff}EDGEQUAKE_API_KEY=k1\nEDGEQUAKE_BASE_URL=http://127.0.0.1:1\n";
    assert_eq!(get(text, "EDGEQUAKE_API_KEY").as_deref(), Some("k1"));
    assert_eq!(get(text, "EDGEQUAKE_BASE_URL").as_deref(), Some("http://127.0.0.1:1"));
    // Exactly one is dropped.
    let error = DotEnv::parse(".env", "\u{feff}\u{feff}A=1\n").unwrap_err();
    assert_eq!(error.to_string(), ".env, line 1: expected NAME=value");
}

#[test]
fn a_hash_opens_a_comment_only_after_white_space() {
    for (text, value) in [
        ("K=ab#cd", Some("ab#cd")),
        ("K=ab #cd", Some("ab")),
        ("K=ab\t# cd", Some("ab")),
        ("K=\"ab #cd\"", Some("ab #cd")),
        ("K='ab' #cd", Some("ab")),
        ("K=#ab", Some("#ab")),
        ("K= #ab", None),
        ("K=a # b # c", Some("a")),
    ] {
        assert_eq!(get(text, "K").as_deref(), value, "{text}");
    }
    let error = DotEnv::parse(".env", "A=1\nK='s3cr3t'#cd\n").unwrap_err();
    assert_eq!(error.to_string(), ".env, line 2: text after the closing quote");
}

#[test]
fn a_bare_value_may_contain_blanks() {
    let text = "A=1\nEDGEQUAKE_TENANT_ID=a b\nEDGEQUAKE_API_KEY=k1\n";
    assert_eq!(get(text, "EDGEQUAKE_TENANT_ID").as_deref(), Some("a b"));
    assert_eq!(get(text, "EDGEQUAKE_API_KEY").as_deref(), Some("k1"));
}

#[test]
fn quotes_export_and_line_ends_of_every_dialect() {
    let text = "export K1='v1'\r\nK2 = \"v2\"\r\nK3=\"a\\nb\"\nK4=x=y==\n# c\nK5=v5";
    for (name, value) in [("K1", "v1"), ("K2", "v2"), ("K3", "a\nb"), ("K4", "x=y=="), ("K5", "v5")] {
        assert_eq!(get(text, name).as_deref(), Some(value), "{name}");
    }
    let multi = "A='x\r\ny'\nB=\"x\ny\" # c\nC=1";
    assert_eq!(get(multi, "A").as_deref(), Some("x\ny"));
    assert_eq!(get(multi, "B").as_deref(), Some("x\ny"));
    assert_eq!(get(multi, "C").as_deref(), Some("1"));
}

#[test]
fn dollars_and_backslashes_are_kept() {
    for (text, value) in [
        (r"K=p$w\n", r"p$w\n"),
        (r"K='p$w\n'", r"p$w\n"),
        (r#"K="p$w\d""#, r"p$w\d"),
        (r#"K="\$w\\\"""#, r#"$w\""#),
    ] {
        assert_eq!(get(text, "K").as_deref(), Some(value), "{text}");
    }
}

#[test]
fn the_last_of_several_equal_names_counts_and_empty_is_unset() {
    assert_eq!(get("K=1\nK=2\n", "K").as_deref(), Some("2"));
    for text in ["K=", "K=\n", "K=''", "K=\"\" # c", "export K=  \r\n"] {
        assert_eq!(get(text, "K"), None, "{text:?}");
    }
}

#[test]
fn malformed_lines_are_named_by_number_and_never_shown() {
    for (text, error) in [
        ("A=1\ns3cr3t\n", ".env, line 2: expected NAME=value"),
        ("=s3cr3t", ".env, line 1: expected NAME=value"),
        ("1A=s3cr3t", ".env, line 1: expected NAME=value"),
        ("A B=s3cr3t", ".env, line 1: expected NAME=value"),
        ("\n\nA=\"s3cr3t\nB=2", ".env, line 3: the quote \" is never closed"),
        ("A='x\ny' s3cr3t", ".env, line 2: text after the closing quote"),
        ("A=s3cr3t\0", ".env, line 1: a value must not contain NUL"),
        ("A='s3cr3t\0'", ".env, line 1: a value must not contain NUL"),
    ] {
        let found = DotEnv::parse(".env", text).unwrap_err();
        assert_eq!(found.to_string(), error);
        assert!(!format!("{found:?}").contains("s3cr3t"));
    }
}

#[test]
fn debug_shows_names_and_no_values() {
    let file = DotEnv::parse(".env", "EDGEQUAKE_API_KEY=s3cr3t-k\nEDGEQUAKE_BASE_URL=http://h:1\n").unwrap();
    insta::assert_snapshot!(
        format!("{file:?} {:?}", file.credentials()),
        @r#"DotEnv { name: ".env", variables: {"EDGEQUAKE_API_KEY": [redacted], "EDGEQUAKE_BASE_URL": [redacted]} } DotEnvKey { file: ".env", .. }"#
    );
    assert_eq!(file.keys().collect::<Vec<_>>(), ["EDGEQUAKE_API_KEY", "EDGEQUAKE_BASE_URL"]);
}

#[tokio::test]
async fn a_missing_file_is_not_configured_and_a_broken_one_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    let missing = DotEnv::load(&path).await.unwrap_err();
    assert_eq!(missing.kind(), CredentialsErrorKind::NotConfigured);
    std::fs::write(&path, b"A=\xff\xfes3cr3t\n").unwrap();
    let broken = DotEnv::load(&path).await.unwrap_err();
    assert_eq!(broken.kind(), CredentialsErrorKind::Invalid);
    assert!(
        broken
            .to_string()
            .ends_with(".env is neither UTF-8 nor UTF-16 with a byte-order mark; save it as UTF-8"),
        "{broken}"
    );
}

#[tokio::test]
async fn the_file_is_read_again_after_a_refusal_and_the_process_environment_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    std::fs::write(&path, "EDGEQUAKE_API_KEY=k1\nEDGEQUAKE_AUTH_DOTENV_TEST=1\n").unwrap();
    let cx = AuthContext::new("http://localhost:8080".parse().unwrap());
    let key = DotEnv::load(&path).await.unwrap().credentials().carrier(Carrier::ApiKey);
    let first = key.ready(&cx).unwrap();
    std::fs::write(&path, "EDGEQUAKE_API_KEY=k2\n").unwrap();
    assert_eq!(key.rejected(first.generation()), Recourse::Retry);
    assert_eq!(key.authorize(&cx).await.unwrap().header().unwrap().1, "k2");
    assert!(std::env::var_os("EDGEQUAKE_AUTH_DOTENV_TEST").is_none());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "[ -~\n\r\t\u{feff}é#'\"=\\\\]{0,80}") {
        if let Err(error) = DotEnv::parse("f", &text) {
            prop_assert!(error.to_string().starts_with("f, line "));
        }
    }

    #[test]
    fn single_quotes_keep_a_value_as_it_is(value in "[^'\r\0]{1,40}", after in "[ \t]{0,2}(#.*)?") {
        let comment = if after.starts_with('#') { String::new() } else { after };
        let text = format!("A=1\nK='{value}'{comment}\nB=2");
        prop_assert_eq!(get(&text, "K"), Some(value));
        prop_assert_eq!(get(&text, "B"), Some("2".to_owned()));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_read_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("env");
    let mkfifo = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(mkfifo.success());
    let writer = std::thread::spawn({
        let path = path.clone();
        move || std::fs::write(path, "EDGEQUAKE_API_KEY=k1\n").unwrap()
    });
    let file = DotEnv::load(&path).await.unwrap();
    writer.join().unwrap();
    let key = file.credentials();
    let cx = AuthContext::new("https://eq.example.com".parse().unwrap());
    let used = key.authorize(&cx).await.unwrap();
    // Nobody writes to it again: another look would wait in vain.
    assert_eq!(key.rejected(used.generation()), Recourse::None);
}
