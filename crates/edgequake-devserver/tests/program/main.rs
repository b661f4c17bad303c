//! The program: it prints its address, serves, and stops when told to.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[cfg(unix)]
mod commands;
#[cfg(unix)]
mod unix;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

/// A program that ignores no signal, even if the tests do: what a shell starts in the background ignores Ctrl-C.
fn attentive(program: &str) -> Command {
    if cfg!(target_os = "linux") {
        let mut command = Command::new("env");
        command.args(["--default-signal", program]);
        command
    } else {
        Command::new(program)
    }
}

fn program() -> Command {
    let mut command = attentive(env!("CARGO_BIN_EXE_edgequake-devserver"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EDGEQUAKE_")) {
        command.env_remove(name);
    }
    command
}

#[test]
fn it_prints_its_address_and_serves_there() {
    let mut command = program();
    command
        .args(["--port", "0", "--user", "ada:admin", "--user", "mona"])
        .env("EDGEQUAKE_DEVSERVER_PASSWORD_MONA", "s3cr3t-m");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let address = first.strip_prefix("listening on http://").unwrap();
    assert!(address.starts_with("127.0.0.1:"));
    let (ada, mona) = (lines.next().unwrap(), lines.next().unwrap());
    let password = ada.strip_prefix("user ada (ada@localhost, admin), password ").unwrap();
    assert_eq!(password.len(), 32);
    assert_eq!(mona, "user mona (mona@localhost, user), password from the environment");
    let exports: Vec<_> = lines.by_ref().take(5).collect();
    assert_eq!(
        exports[4],
        format!("export EDGEQUAKE_USERNAME=ada EDGEQUAKE_PASSWORD={password}"),
        "{exports:?}"
    );

    let mut stream = TcpStream::connect(address).unwrap();
    let body = format!(r#"{{"username":"ada","password":"{password}"}}"#);
    write!(
        stream,
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(
        response.starts_with("HTTP/1.1 200 OK") && response.contains(r#""username":"ada""#),
        "{response}"
    );

    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_bad_option_is_reported_on_standard_error() {
    let output = program().args(["--port", "high"]).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "edgequake-devserver: --port must be a number from 0 to 65535\n"
    );
    let help = program().arg("--help").output().unwrap();
    assert!(help.stdout.split(|byte| *byte == b'\n').all(|line| line.len() <= 80));
    assert!(
        help.status.success()
            && String::from_utf8_lossy(&help.stdout).contains("EDGEQUAKE_DEVSERVER_PASSWORD")
    );
}
