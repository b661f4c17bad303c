//! The server as a process: signals, its log, and what it says at its start.

use std::process::Child;
use std::time::{Duration, Instant};

use super::*;

/// Starts the program, and waits until it listens: the child, its address and its lines.
pub(crate) fn started(command: &mut Command) -> (Child, String, impl Iterator<Item = String> + use<>) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = lines.next().unwrap().strip_prefix("listening on http://").unwrap().to_owned();
    (child, address, lines)
}

pub(crate) fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

pub(crate) fn send(address: &str, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nx-tenant-id: default\r\n\
         x-workspace-id: default\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn a_signal_right_after_the_first_line_ends_it() {
    for name in ["-TERM", "-INT"] {
        let (mut child, _, _lines) = started(program().args(["--port", "0"]));
        signal(&child, name);
        assert!(child.wait().unwrap().success(), "{name}");
    }
}

#[test]
fn it_ends_within_a_second_whatever_it_does() {
    let (mut child, address, _lines) = started(program().args(["--port", "0", "--no-auth"]));
    // Words that take long to process, on a connection that stays open.
    let text: String = (0..900_000).map(|number| format!("w{number} ")).collect();
    let response = send(&address, "POST /api/v1/documents", &format!("{{\"content\":\"{text}\"}}"));
    assert!(response.starts_with("HTTP/1.1 202"), "{response}");
    let _open = TcpStream::connect(&address).unwrap();
    let started = Instant::now();
    signal(&child, "-TERM");
    assert!(child.wait().unwrap().success());
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let (mut child, address, _lines) = started(program().args(["--port", "0", "-v"]));
    let mut stream = TcpStream::connect(&address).unwrap();
    let request = format!("GET /live HTTP/1.1\r\nhost: {address}\r\n\r\n").repeat(100);
    let mut answers = 0;
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    for _ in 0..80 {
        stream.write_all(request.as_bytes()).unwrap();
        answers += 100;
        let heads = lines.by_ref().map(Result::unwrap).filter(|line| line.contains("HTTP/1.1 200"));
        assert_eq!(heads.take(100).count(), 100, "{answers}");
    }
    let began = Instant::now();
    signal(&child, "-TERM");
    assert!(child.wait().unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn a_signal_ends_the_start() {
    let path = std::env::temp_dir().join(format!("edgequake-devserver-{}.txt", std::process::id()));
    let text: String = (0..3_000_000).map(|number| format!("w{number} ")).collect();
    std::fs::write(&path, text).unwrap();
    let mut command = program();
    command.args(["--port", "0", "--seed"]).arg(&path).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    // The handlers of signals are there before the documents are processed.
    let status = format!("/proc/{}/status", child.id());
    let catches = |status: String| {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t").map(str::to_owned));
        mask.is_some_and(|mask| u64::from_str_radix(&mask, 16).unwrap() & (1 << 14) != 0)
    };
    while cfg!(target_os = "linux") && !catches(std::fs::read_to_string(&status).unwrap()) {
        std::thread::yield_now();
    }
    let began = Instant::now();
    signal(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    // It ended in good order, and before it listened.
    assert!(output.status.success() || !cfg!(target_os = "linux"), "{}", output.status);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

#[test]
fn requests_are_logged_by_operation() {
    let (mut child, address, _lines) = started(program().args(["--port", "0", "--no-auth", "-v"]));
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut logged = || log.next().unwrap().rsplit_once(' ').unwrap().0.to_owned();
    send(&address, "GET /api/v1/documents/s3cr3t?x=s3cr3t", "");
    assert_eq!(logged(), "GET /api/v1/documents/{document_id} 404");
    send(&address, "GET /nowhere", "");
    assert_eq!(logged(), "GET /nowhere 404");
    // What never reaches an operation is logged, too: the endpoints for tests, and what the guard refuses.
    send(&address, "POST /__dev/faults", r#"[{"effect": "reset", "on": "/live"}, {"effect": "silence"}]"#);
    assert_eq!(logged(), "POST /__dev/faults 201");
    send(&address, "GET /live HTTP/1.1\r\norigin: https://evil.test\r\nx-rest:", "");
    assert_eq!(logged(), "GET /live 403");
    // And so is what gets no answer, at once.
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        stream
    };
    let _reset = ask("/live");
    assert_eq!(logged(), "GET /live unanswered");
    let _silent = ask("/health");
    assert_eq!(logged(), "GET /health unanswered");
    signal(&child, "-TERM");
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_a_shell_is_to_run_is_quoted() {
    let name = "o'neil $(x)";
    let (mut child, _, mut lines) = started(program().args(["--port", "0", "--user", name]));
    let line = lines.nth(5).unwrap();
    signal(&child, "-TERM");
    child.wait().unwrap();
    let script = format!("{line}; printf %s \"$EDGEQUAKE_USERNAME\"");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), name, "{line}");
}

/// What nobody reads of a form is not held.
#[cfg(target_os = "linux")]
#[test]
fn a_large_form_takes_the_memory_of_what_is_kept() {
    let (mut child, address, _lines) = started(program().args(["--port", "0", "--no-auth"]));
    let peak = || -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    };
    let part = |name: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"");
    let file = format!("{}; filename=\"a.txt\"\r\n\r\nCats sleep.\r\n", part("file"));
    let (ignored, end) = (format!("{}\r\n\r\n", part("other")), "\r\n--b--\r\n");
    let length = file.len() + ignored.len() + (45 << 20) + end.len();
    let before = peak();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /api/v1/documents/upload HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nx-tenant-id: default\r\n\
         x-workspace-id: default\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: {length}\r\n\r\n\
         {file}{ignored}"
    )
    .unwrap();
    for _ in 0..45 {
        stream.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    stream.write_all(end.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 202"), "{response}");
    let grown = peak() - before;
    assert!(grown < 8 << 10, "{grown} KiB");
    signal(&child, "-TERM");
    assert!(child.wait().unwrap().success());
}

/// Whether a process ignores the signal with this number.
#[cfg(target_os = "linux")]
fn ignores(process: u32, signal: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).unwrap();
    u64::from_str_radix(mask, 16).unwrap() & (1 << (signal - 1)) != 0
}

#[cfg(target_os = "linux")]
#[test]
fn an_ignored_signal_stays_ignored() {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "trap '' HUP; exec \"$0\" --port 0 --no-auth",
        env!("CARGO_BIN_EXE_edgequake-devserver"),
    ]);
    let (mut child, address, _lines) = started(&mut command);
    assert!(ignores(child.id(), 1) && !ignores(child.id(), 15));
    signal(&child, "-HUP");
    assert!(send(&address, "GET /live", "").starts_with("HTTP/1.1 200"));
    signal(&child, "-TERM");
    assert!(child.wait().unwrap().success());
}

/// The last frame says that the server goes away, and why is 1001.
#[cfg(feature = "websocket")]
#[test]
fn web_sockets_are_told_that_the_server_ends() {
    for _ in 0..5 {
        let (mut child, address, _lines) = started(program().args(["--port", "0", "--no-auth"]));
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "GET /ws/pipeline/progress HTTP/1.1\r\nhost: {address}\r\nx-tenant-id: default\r\nx-workspace-id: default\r\n\
             connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("Connected to") {
            let mut piece = [0; 1024];
            let length = stream.read(&mut piece).unwrap();
            seen.extend_from_slice(&piece[..length]);
        }
        // A frame that is not read when the connection ends would reset it.
        stream.write_all(&[0x89, 0x80, 0, 0, 0, 0]).unwrap();
        let began = Instant::now();
        signal(&child, "-TERM");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.ends_with(&[0x88, 2, 0x03, 0xe9]), "{rest:?}");
        assert!(child.wait().unwrap().success());
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
}
