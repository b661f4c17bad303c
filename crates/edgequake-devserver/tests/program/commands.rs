//! `exec`: a command with a server of its own, and how both end.

use std::process::Child;
use std::time::{Duration, Instant};

use super::unix::signal;
use super::*;

#[test]
fn a_command_gets_a_server_of_its_own() {
    let script = r#"
        test "$EDGEQUAKE_USERNAME:$EDGEQUAKE_API_KEY" = "mona:" || exit 1
        test "$EDGEQUAKE_WORKSPACE_ID" = 00000000-0000-0000-0000-000000000003 || exit 2
        test ${#EDGEQUAKE_PASSWORD} -eq 32 || exit 3
        echo "$EDGEQUAKE_BASE_URL"
        exit 7
    "#;
    let mut command = program();
    command.args(["--user", "mona:admin", "exec", "--", "sh", "-c", script]);
    let output = command.env("EDGEQUAKE_API_KEY", "of another server").output().unwrap();
    let url = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(7), "{url}");
    let address = url.trim().strip_prefix("http://").unwrap();
    assert!(TcpStream::connect(address).is_err(), "the server has ended");

    let killed = program().args(["exec", "--", "sh", "-c", "kill -KILL $$"]).output().unwrap();
    assert_eq!(killed.status.code(), Some(137));
    for (command, code) in [("/nonexistent/command", 127), ("/", 126)] {
        let refused = program().args(["exec", "--", command]).output().unwrap();
        assert_eq!(refused.status.code(), Some(code));
        let told = format!("edgequake-devserver: cannot run the command {command:?}\n");
        assert!(String::from_utf8_lossy(&refused.stderr).starts_with(&told));
    }
}

/// Starts a command that prints a line when it is ready.
fn running(script: &str) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut command = program();
    command.args(["exec", "--", "sh", "-c", script]).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "started");
    (child, lines)
}

#[test]
fn a_command_ends_with_its_server() {
    for (name, code) in [("-TERM", 143), ("-HUP", 129), ("-QUIT", 131), ("-INT", 130)] {
        let (mut child, mut lines) = running("echo started; exec sleep 1000");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{name}");
        // The pipe is closed, so the command is gone as well.
        assert!(lines.next().is_none(), "{name}");
    }
}

/// A terminal: the side that types, and the side of programs.
fn terminal() -> (std::fs::File, Stdio) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let typing = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&typing).unwrap();
    unlockpt(&typing).unwrap();
    let name = ptsname(&typing, Vec::new()).unwrap();
    use rustix::fs::{Mode, OFlags, open};
    let side = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (typing.into(), side.into())
}

#[test]
fn a_process_may_interrupt_a_server_on_a_terminal() {
    let (_typing, stdin) = terminal();
    let mut command = program();
    command.args(["exec", "--", "sh", "-c", "echo started; exec sleep 20"]).stdin(stdin);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "started");
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(lines.next().is_none());
}

/// A command that takes longer than the server would wait for it.
#[cfg(target_os = "linux")]
#[test]
fn a_command_on_a_terminal_decides_what_becomes_of_its_ctrl_c() {
    let (mut typing, stdin) = terminal();
    let script = "trap 'echo caught; kill $!' INT; sleep 20 & echo started; wait; sleep 1; echo done; exit 5";
    let mut command = attentive("setsid");
    command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_edgequake-devserver"), "exec", "--"]);
    command.args(["sh", "-c", script]).stdin(stdin).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "started");
    typing.write_all(b"\x03").unwrap();
    assert_eq!(lines.collect::<Vec<_>>(), ["caught", "done"]);
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

#[test]
fn a_command_may_clean_up_and_what_it_started_ends_too() {
    let script = "trap 'echo cleaned; exit 9' TERM; sleep 1000 & echo started; wait";
    let (mut child, lines) = running(script);
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(9));
    // The pipe ends, so no program that has inherited it is left.
    assert_eq!(lines.collect::<Vec<_>>(), ["cleaned"]);
}

/// Nothing ends by itself: neither the command nor a request nor the log, and all of them share a second.
#[test]
fn a_command_that_ignores_signals_is_killed() {
    let script = "trap '' TERM INT; echo started; echo $EDGEQUAKE_BASE_URL; while :; do sleep 1000; done";
    let mut command = program();
    command.args(["-v", "exec", "--", "sh", "-c", script]).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "started");
    let url = lines.next().unwrap();
    let address = url.strip_prefix("http://").unwrap();
    // More lines than a pipe holds, none of which is read.
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /live HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
    for _ in 0..50 {
        stream.write_all(request.repeat(100).as_bytes()).unwrap();
        let heads = answers.by_ref().map(Result::unwrap).filter(|line| line.contains("HTTP/1.1 200"));
        assert_eq!(heads.take(100).count(), 100);
    }
    stream.write_all(b"POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\n").unwrap();
    let began = Instant::now();
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(lines.count(), 0);
}
