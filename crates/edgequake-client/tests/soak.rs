//! A soak: many calls against a server that injects faults at random. Every call ends with the right answer or a right error, no
//! upload is executed twice, and nothing is left behind.
//!
//! It runs for two seconds here; `cargo xtask soak` runs it for minutes. `EDGEQUAKE_SOAK_SECONDS` and `EDGEQUAKE_SOAK_SEED` set both.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use edgequake_client::layers::retry::{RetryBudget, RetryConfig};
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::{Client, Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const WORKERS: usize = 16;

/// How long all tokens live at least before the server forgets them.
const REVOCATION_PAUSE: Duration = Duration::from_secs(11);

/// What the server holds true.
struct Truth {
    random: fastrand::Rng,
    /// The access tokens that work: the newest, and the one before it, which callers may still hold.
    access: Vec<String>,
    revoked_at: Instant,
    revocations: u64,
    refresh: Option<String>,
    issued: u64,
    reuses: u64,
    executed: HashMap<String, u32>,
}

/// What the server does about a request.
enum Deed {
    Answer { status: u16, headers: &'static str, body: String },
    Late { wait: Duration, body: String },
    Cut { body: String },
    Reset,
    Silence,
}

fn ok(body: String) -> Deed {
    Deed::Answer { status: 200, headers: "", body }
}

fn status(status: u16, headers: &'static str) -> Deed {
    Deed::Answer { status, headers, body: String::new() }
}

impl Truth {
    fn issue(&mut self) -> String {
        self.issued += 1;
        let (access, refresh) = (format!("a{}", self.issued), format!("r{}", self.issued));
        let body = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":2}}"#);
        self.access.push(access);
        self.access.drain(..self.access.len().saturating_sub(2));
        self.refresh = Some(refresh);
        body
    }

    fn deed(&mut self, head: &str, body: &str) -> Deed {
        let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let fault = self.random.u32(0..100);
        match target.split('?').next().unwrap_or_default() {
            "/api/v1/auth/login" => ok(self.issue()),
            "/api/v1/auth/refresh" => self.refresh(body, fault),
            _ => {
                let works = |access: &String| head.contains(&format!("authorization: Bearer {access}\r\n"));
                if !self.access.iter().any(works) {
                    return status(401, "");
                }
                self.data(head, &target, body, fault)
            }
        }
    }

    fn refresh(&mut self, body: &str, fault: u32) -> Deed {
        match fault {
            0..5 => return status(503, "retry-after: 0\r\n"),
            5..10 => return Deed::Reset,
            _ => {}
        }
        let known = self.refresh.as_ref().is_some_and(|refresh| body.contains(&format!("\"{refresh}\"")));
        if !known {
            // A second use: the session is over.
            self.reuses += 1;
            self.refresh = None;
            return status(401, "");
        }
        let answer = self.issue();
        match fault {
            // Executed, but the answer is lost: the client cannot know.
            10..13 => Deed::Reset,
            13..25 => Deed::Late { wait: Duration::from_millis(30), body: answer },
            _ => ok(answer),
        }
    }

    fn data(&mut self, head: &str, target: &str, body: &str, fault: u32) -> Deed {
        // Refused before it is executed, as a server does that says 401, 429 or 503.
        match fault {
            // Not more often than the client forces a refresh, or it would rightly stop doing so.
            0 if self.revoked_at.elapsed() > REVOCATION_PAUSE => {
                self.access.clear();
                self.revoked_at = Instant::now();
                self.revocations += 1;
                return status(401, "");
            }
            1..7 => return status(503, ""),
            7..13 => return status(429, "retry-after: 0\r\n"),
            _ => {}
        }
        let answer = if head.starts_with("POST") {
            *self.executed.entry(body.to_owned()).or_default() += 1;
            r#"{"document_id":"d","status":"pending"}"#.to_owned()
        } else {
            let page = target.rsplit("page=").next().unwrap_or_default();
            format!(r#"{{"documents":[],"total":0,"page":{page},"page_size":1}}"#)
        };
        match fault {
            13..18 => Deed::Reset,
            18..23 => Deed::Cut { body: answer },
            23..31 => Deed::Late { wait: Duration::from_millis(20), body: answer },
            31..33 => Deed::Silence,
            33..36 => status(502, ""),
            _ => ok(answer),
        }
    }
}

async fn serve(mut stream: TcpStream, truth: Arc<Mutex<Truth>>) {
    let mut buffer = Vec::new();
    while let Some((head, body)) = read_request(&mut stream, &mut buffer).await {
        let deed = truth.lock().unwrap().deed(&head, &body);
        let whole = |status: u16, headers: &str, body: &str| {
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
        };
        let text = match deed {
            Deed::Answer { status, headers, body } => whole(status, headers, &body),
            Deed::Late { wait, body } => {
                tokio::time::sleep(wait).await;
                whole(200, "", &body)
            }
            Deed::Cut { body } => {
                let text = whole(200, "", &body);
                let _ = stream.write_all(&text.as_bytes()[..text.len() - body.len() / 2 - 1]).await;
                return;
            }
            Deed::Reset => {
                let _ = stream.set_zero_linger();
                return;
            }
            Deed::Silence => {
                // Until the client gives up.
                let _ = stream.read(&mut [0; 1]).await;
                return;
            }
        };
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, String)> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..end).collect()).ok()?;
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, String::from_utf8(buffer.drain(..length).collect()).ok()?))
}

/// Counts calls and judges them.
#[derive(Default)]
struct Tally {
    calls: AtomicU64,
    successes: AtomicU64,
    errors: Mutex<HashMap<String, u64>>,
}

impl Tally {
    fn judge(&self, error: &Error) {
        let right = match error.kind() {
            _ if error.credentials().is_some() => error.is_retryable(),
            ErrorKind::Interrupted
            | ErrorKind::NotSent
            | ErrorKind::Connect
            | ErrorKind::Body
            | ErrorKind::Timeout(_)
            | ErrorKind::RateLimited
            | ErrorKind::Unavailable => true,
            ErrorKind::Server => error.status().is_some_and(|status| status == 502),
            _ => false,
        };
        assert!(right, "a wrong error: {error:?}");
        *self.errors.lock().unwrap().entry(format!("{:?}", error.kind())).or_default() += 1;
    }
}

async fn work(client: Client, worker: usize, until: Instant, tally: Arc<Tally>, uploads: Arc<AtomicUsize>) {
    let mut round = 0_u64;
    while Instant::now() < until {
        round += 1;
        tally.calls.fetch_add(1, Ordering::Relaxed);
        if round.is_multiple_of(3) {
            let content = format!("{worker}-{round}");
            match client.documents().upload_text(UploadText::new(content)).await {
                Ok(_) => {
                    uploads.fetch_add(1, Ordering::Relaxed);
                    tally.successes.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => tally.judge(&error),
            }
            continue;
        }
        let page = round * WORKERS as u64 + worker as u64;
        match client.documents().list(ListDocuments::new().page(page)).await {
            Ok(list) => {
                assert_eq!(list.page, page, "the answer to another question");
                tally.successes.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => tally.judge(&error),
        }
    }
}

/// Resident memory in KiB, and open descriptors.
fn footprint() -> (u64, usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
    (resident, std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count))
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_ends_right_and_nothing_is_left_behind() {
    let seconds = variable("EDGEQUAKE_SOAK_SECONDS", 2);
    let seed = variable("EDGEQUAKE_SOAK_SEED", 7);
    let metrics = tokio::runtime::Handle::current().metrics();
    // The thread for logins stays for a while, with descriptors of its own.
    let nowhere = Client::builder().base_url("http://127.0.0.1:1").login("mona", "pw").build().unwrap();
    assert!(nowhere.auth().me().await.is_err());
    drop(nowhere);
    let (tasks_before, (_, descriptors_before)) = (metrics.num_alive_tasks(), footprint());

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let truth = Arc::new(Mutex::new(Truth {
        random: fastrand::Rng::with_seed(seed),
        access: Vec::new(),
        revoked_at: Instant::now() - REVOCATION_PAUSE,
        revocations: 0,
        refresh: None,
        issued: 0,
        reuses: 0,
        executed: HashMap::new(),
    }));
    let accepted = Arc::new(AtomicUsize::new(0));
    let server = tokio::spawn({
        let (truth, accepted) = (Arc::clone(&truth), Arc::clone(&accepted));
        async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                accepted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, Arc::clone(&truth)));
            }
        }
    });

    let client = Client::builder()
        .base_url(&url)
        .login("mona", "pw")
        .attempt_timeout(Duration::from_millis(250))
        .timeout(Duration::from_secs(5))
        .token_timeout(Duration::from_secs(1))
        .retry(RetryConfig::default().base(Duration::from_millis(4)).cap(Duration::from_millis(40)))
        .retry_budget(RetryBudget::new(1_000_000))
        .build()
        .unwrap();
    let tally = Arc::new(Tally::default());
    let uploads = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            tokio::spawn(work(client.clone(), worker, until, Arc::clone(&tally), Arc::clone(&uploads)))
        })
        .collect();
    // What is resident once everything has warmed up is what it should stay.
    tokio::time::sleep(Duration::from_secs(seconds) / 5).await;
    let (resident_warm, _) = footprint();
    for worker in workers {
        worker.await.unwrap();
    }
    let (resident_end, _) = footprint();
    let (refreshes, logins) =
        client.session().map(|session| (session.refreshes(), session.logins())).unwrap();
    drop(client);

    server.abort();
    let _ = server.await;
    // The tasks of connections end when their connections do, and a task is counted for a moment after who awaits it was told.
    let patience = Instant::now() + Duration::from_secs(10);
    let left = || metrics.num_alive_tasks() > tasks_before || footprint().1 > descriptors_before + 1;
    while left() && Instant::now() < patience {
        tokio::task::yield_now().await;
    }
    let (tasks_after, (_, descriptors_after)) = (metrics.num_alive_tasks(), footprint());
    let (executed, doubled, reuses, revocations) = {
        let truth = truth.lock().unwrap();
        let doubled = truth.executed.values().filter(|count| **count > 1).count();
        (truth.executed.len(), doubled, truth.reuses, truth.revocations)
    };
    let calls = tally.calls.load(Ordering::Relaxed);
    let successes = tally.successes.load(Ordering::Relaxed);
    let mut errors: Vec<_> =
        tally.errors.lock().unwrap().iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
    errors.sort();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "soak of {seconds} s, seed {seed}: {calls} calls, {successes} right answers, {} right errors",
        calls - successes
    )
    .unwrap();
    writeln!(out, "  errors: {}", errors.join(", ")).unwrap();
    writeln!(
        out,
        "  uploads: {} answered, {executed} executed, {doubled} executed twice",
        uploads.load(Ordering::Relaxed)
    )
    .unwrap();
    writeln!(out, "  session: {refreshes} refreshes, {logins} logins, {reuses} refused refresh tokens, {revocations} revocations").unwrap();
    writeln!(out, "  connections: {} opened", accepted.load(Ordering::Relaxed)).unwrap();
    writeln!(out, "  tasks: {tasks_before} before, {tasks_after} after; descriptors: {descriptors_before} before, {descriptors_after} after").unwrap();
    writeln!(out, "  resident memory: {resident_warm} KiB warm, {resident_end} KiB at the end").unwrap();

    assert!(successes > 100, "too few calls to say anything");
    assert_eq!(doubled, 0, "uploads were executed twice");
    assert!(executed >= uploads.load(Ordering::Relaxed));
    assert!(tasks_after <= tasks_before, "tasks were left behind");
    assert!(descriptors_after <= descriptors_before + 1, "descriptors were left behind");
    // The map of executed uploads grows by design; 200 bytes each are more than it takes.
    let allowed = 16 * 1024 + executed as u64 / 5;
    assert!(
        resident_end <= resident_warm + allowed,
        "memory grew from {resident_warm} to {resident_end} KiB"
    );
}
