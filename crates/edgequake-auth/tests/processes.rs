//! Many processes, one login in a file.

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::time::SystemTime;

use edgequake_auth::{Credentials as _, FileStore};

use support::{Server, orders, provider, put, run, runtime};

/// Waits for the word, then asks for a credential and says which one it got. Does nothing in an ordinary test run.
#[test]
fn child_asks_for_a_credential() {
    let Some((address, store)) = orders() else { return };
    let (jwt, cx) = provider(address, store);
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let answer = runtime().block_on(jwt.authorize(&cx));
    let token = answer.map(|authorization| authorization.header().unwrap().1.to_str().unwrap().to_owned());
    println!("answer {}", token.unwrap_or_else(|error| format!("{error:?}")));
}

#[test]
fn sixteen_processes_on_an_expired_login_make_one_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins");
    let server = Server::start(3600);
    runtime().block_on(put(&FileStore::new(&file), &server, "a0", "r0", SystemTime::UNIX_EPOCH));

    let mut children: Vec<_> = (0..16)
        .map(|_| {
            let mut child = run("child_asks_for_a_credential", &server, &file);
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            (child, lines)
        })
        .collect();
    for (_, lines) in &mut children {
        lines.find(|line| line.as_ref().unwrap().ends_with("ready")).unwrap().unwrap();
    }
    for (child, _) in &mut children {
        writeln!(child.stdin.take().unwrap(), "go").unwrap();
    }
    for (mut child, lines) in children {
        // To the end, or the child would write into a closed pipe.
        let lines: Vec<_> = lines.map(Result::unwrap).collect();
        assert!(lines.iter().any(|line| line == "answer Bearer a1"), "{lines:?}");
        assert!(child.wait().unwrap().success());
    }
    let session = server.session.lock().unwrap();
    assert_eq!((session.refreshes, session.refused, session.logins), (1, 0, 0));
}
