//! The program: it prints its address, serves, and stops when told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgequake-devserver"));
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
    let password = ada.strip_prefix("user ada (admin), password ").unwrap();
    assert_eq!(password.len(), 32);
    assert_eq!(mona, "user mona (user), password from the environment");

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
    assert!(
        help.status.success()
            && String::from_utf8(help.stdout).unwrap().contains("EDGEQUAKE_DEVSERVER_PASSWORD")
    );
}
