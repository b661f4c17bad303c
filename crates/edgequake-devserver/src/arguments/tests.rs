use super::*;

fn parse(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Arguments, UsageError> {
    let lookup = |name: &str| {
        environment.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(*value))
    };
    Arguments::parse(arguments.iter().map(OsString::from), lookup)
}

fn parsed_server(arguments: &[&str], environment: &[(&str, &str)]) -> (String, Vec<StartupUser>) {
    match parse(arguments, environment) {
        Ok(Arguments::Serve { server, users, .. }) => (format!("{server:?}"), users),
        other => panic!("{other:?}"),
    }
}

#[test]
fn options_reach_the_server() {
    let (server, users) = parsed_server(
        &[
            "--port=0",
            "--era",
            "B",
            "--no-auth",
            "--strict-scope",
            "--no-registration",
            "--token-lifetime",
            "0.5",
            "--refresh-lifetime=60",
            "--processing-delay",
            "250",
            "--token-delay",
            "5",
            "--rate-limit",
            "20/1.5",
            "--scan-root=some/folder",
            "--workers=3",
            "--stage-as-status",
            "--completed-status=indexed",
            "--queue-thresholds=3/7",
            "--user",
            "mona",
            "--user=rita:readonly",
        ],
        &[("EDGEQUAKE_DEVSERVER_PASSWORD_MONA", "s3cr3t-m"), ("EDGEQUAKE_API_KEYS", "s3cr3t-1, s3cr3t-2,")],
    );
    for part in [
        "port: 0",
        "era: B",
        "auth: false",
        "strict_scope: true",
        "registration: false",
        "token_lifetime: 500ms",
        "refresh_lifetime: 60s",
        "processing_delay: 250ms",
        "token_delay: 5ms",
        "Some((20, 1.5))",
        "scan_roots: [\"some/folder\"]",
        "workers: 3",
        "stage_as_status: true",
        "completed_status: Indexed",
        "queue_thresholds: (3, 7)",
        "static_keys: [[redacted], [redacted]]",
        "rita@localhost",
    ] {
        assert!(server.contains(part), "{part} in {server}");
    }
    assert!(!format!("{server}{users:?}").contains("s3cr3t"));
    assert_eq!((users[0].name.as_str(), &users[0].role), ("mona", &Role::User));
    assert!(!users[0].is_generated && users[1].is_generated);
    assert_eq!(users[1].role, Role::Readonly);
}

#[test]
fn without_options_there_is_an_administrator() {
    let (server, users) =
        parsed_server(&[], &[("EDGEQUAKE_MASTER_API_KEY", " "), ("EDGEQUAKE_DEVSERVER_PASSWORD", "pw")]);
    assert!(server.contains("port: 8080") && server.contains("master_key: None"), "{server}");
    assert_eq!((users.len(), users[0].name.as_str(), &users[0].role), (1, "admin", &Role::Admin));
    assert!(!users[0].is_generated);
}

#[test]
fn a_command_follows_exec() {
    let exec = |arguments: &[&str]| match parse(arguments, &[]) {
        Ok(Arguments::Serve { server, verbose, command, .. }) => {
            let command = command.map(|(program, arguments)| (program, arguments.len()));
            (format!("{server:?}").contains("port: 0"), verbose, command)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(exec(&["-v", "exec", "--", "cargo", "test", "-v"]), (true, true, Some(("cargo".into(), 2))));
    assert_eq!(exec(&["exec", "make"]), (true, false, Some(("make".into(), 0))));
    assert!(!exec(&["--port", "9000", "exec", "make"]).0);
    assert_eq!(exec(&["--verbose"]), (false, true, None));
    for arguments in [&["exec"][..], &["exec", "--"]] {
        assert_eq!(parse(arguments, &[]).unwrap_err().to_string(), "exec needs a command: exec -- COMMAND");
    }
}

#[test]
fn documents_and_failures_come_from_files() {
    let folder = std::env::temp_dir().join(format!("edgequake-devserver-{}", Uuid::new_v4()));
    std::fs::create_dir(&folder).unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let text = file("bridge.md", b"The bridge opened in 1931.");
    let list = file("more.json", br#"[{"title": "Cats", "content": "They sleep."}]"#);
    let faults = file("faults.json", br#"{"on": "Query", "effect": {"status": {"code": 503}}}"#);
    let (server, _) = parsed_server(&["--seed", &text, "--seed", &list, "--faults", &faults], &[]);
    for part in [r#"title: "bridge.md""#, r#"title: "Cats""#, "code: 503"] {
        assert!(server.contains(part), "{part} in {server}");
    }
    let json = r#"{"title": "Café", "content": "It is open."}"#;
    let utf16 =
        |order: fn(u16) -> [u8; 2]| format!("\u{feff}{json}").encode_utf16().flat_map(order).collect();
    for bytes in [format!("\u{feff}{json}").into_bytes(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
        let (server, _) = parsed_server(&["--seed", &file("marked.json", &bytes)], &[]);
        assert!(server.contains("title: \"Café\""), "{server}");
    }
    let odd = file("odd.txt", &[0xff, 0xfe, 0x41]);
    assert_eq!(parse(&["--seed", &odd], &[]).unwrap_err().to_string(), format!("cannot read {odd}"));
    let error = |arguments: &[&str]| {
        let error = parse(arguments, &[]).unwrap_err();
        (error.to_string(), std::error::Error::source(&error).is_some())
    };
    assert_eq!(error(&["--faults", &text]), (format!("{text} is not as expected"), true));
    assert_eq!(error(&["--seed", "/nonexistent"]), ("cannot read /nonexistent".to_owned(), true));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn help_and_version_go_first() {
    assert!(matches!(parse(&["--no-auth", "--help"], &[]), Ok(Arguments::Help)));
    assert!(matches!(parse(&["--version", "--nonsense"], &[]), Ok(Arguments::Version)));
}

#[test]
fn errors_name_the_option_and_the_rule_but_no_value() {
    let mut text = String::new();
    for arguments in [
        &["--port", "s3cr3t"][..],
        &["--port"],
        &["--era", "a"],
        &["--user", "mona:s3cr3t"],
        &["--user", ":admin"],
        &["--token-lifetime", "0"],
        &["--processing-delay", "-1"],
        &["--rate-limit", "5"],
        &["--scan-root"],
        &["--workers", "0"],
        &["--rate-limit", "5/inf"],
        &["--completed-status", "s3cr3t"],
        &["--queue-thresholds", "7/3"],
        &["--queue-thresholds", "0/3"],
        &["--master-key", "s3cr3t"],
        &["s3cr3t"],
        &["-p"],
        &["--no-auth=s3cr3t"],
        &["--ip", "s3cr3t"],
        &["--allow-host", "http://s3cr3t"],
        &["--allow-origin", "s3cr3t"],
        &["--master-key-file", "/nonexistent/key"],
    ] {
        text.push_str(&format!("{}\n", parse(arguments, &[]).unwrap_err()));
    }
    assert!(!text.contains("s3cr3t"), "{text}");
    insta::assert_snapshot!(text, @r"
    --port must be a number from 0 to 65535
    --port must be a number from 0 to 65535
    --era must be b or c
    --user must be NAME or NAME:ROLE, where ROLE is admin, user or readonly
    --user must be NAME or NAME:ROLE, where ROLE is admin, user or readonly
    --token-lifetime must be a number of seconds above 0
    --processing-delay must be a whole number of milliseconds
    --rate-limit must be BURST/RATE, such as 20/1.5
    --scan-root must be the path of a folder
    --workers must be a whole number of at least 1
    --rate-limit must be BURST/RATE, such as 20/1.5
    --completed-status must be completed, processed, indexed or absent
    --queue-thresholds must be WARN/CRITICAL, such as 10/20, and WARN from 1 to CRITICAL
    --queue-thresholds must be WARN/CRITICAL, such as 10/20, and WARN from 1 to CRITICAL
    unknown option --master-key; see --help
    unexpected argument; see --help
    unknown option -p; see --help
    unexpected argument; see --help
    --ip must be an address, such as 0.0.0.0
    --allow-host must be a name without a port
    --allow-origin must be an origin, such as http://localhost:3000
    cannot read the key file /nonexistent/key
    ");
}

#[test]
fn a_variable_names_a_user_with_underscores() {
    let (_, users) =
        parsed_server(&["--user", "my-user.x"], &[("EDGEQUAKE_DEVSERVER_PASSWORD_MY_USER_X", "s3cr3t")]);
    assert_eq!((users[0].password.expose(), users[0].is_generated), ("s3cr3t", false));
    assert!(parse(&["-h"], &[]).unwrap().is_help());
}

#[test]
fn a_key_file_may_begin_with_a_byte_order_mark() {
    let path = std::env::temp_dir().join(format!("edgequake-devserver-key-{}", std::process::id()));
    let utf16: Vec<u8> = "\u{feff}s3cr3t\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (text, key) in [
        (&b"\xef\xbb\xbfs3cr3t\r\nrest"[..], true),
        (&utf16, true),
        (b" s3cr3t ", true),
        (b"\xef\xbb\xbf\n", false),
    ] {
        std::fs::write(&path, text).unwrap();
        let read = key_file(path.clone());
        assert_eq!(
            read.ok().map(|key| key.expose().to_owned()),
            key.then(|| "s3cr3t".to_owned()),
            "{text:?}"
        );
    }
    std::fs::remove_file(&path).unwrap();
}
