//! The client through programs that others wrote: nginx in front of the dev server (TLS, HTTP/2, gzip), and tinyproxy or microsocks on
//! the way.
//!
//! Run by `cargo xtask proxy`, which knows where the programs are. The proxies run in a mount namespace of their own, where `/etc/hosts`
//! names `eq.test`: this machine under a name that the client does not take for this machine.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use edgequake_client::transport::{HttpTransportBuilder, Proxies};
use edgequake_client::types::documents::{ListDocuments, UploadFile, UploadText};
use edgequake_client::types::query::{Query, StreamQuery};
use edgequake_client::types::session::Role;
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_client::{Client, ErrorKind};
use edgequake_devserver::DevServer;
use http::{Method, Version};

use crate::tls_server::Authority;

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Terminated, not killed: nginx takes its workers along.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts a program and waits until it listens on all these ports.
    async fn start(command: &mut Command, ports: &[u16]) -> Self {
        let mut running = Self(command.stdin(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        for port in ports {
            // Other people's programs have no other sign of being ready.
            while tokio::net::TcpStream::connect(("127.0.0.1", *port)).await.is_err() {
                assert!(running.0.try_wait().unwrap().is_none(), "{command:?} ended");
                assert!(begun.elapsed() < Duration::from_secs(10), "{command:?} does not listen");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        running
    }
}

fn program(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run cargo xtask proxy"))
        .into()
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Nginx {
    secure: u16,
    plain: u16,
    folder: PathBuf,
    program: PathBuf,
    _running: Running,
}

impl Nginx {
    async fn start(folder: &Path, authority: &Authority, server: &str) -> Self {
        let (secure, plain, program) = (free_port(), free_port(), program("EDGEQUAKE_TEST_NGINX"));
        let (certificate, key) = authority.issue(&["localhost", "eq.test"]).pem();
        std::fs::write(folder.join("server.pem"), certificate).unwrap();
        std::fs::write(folder.join("server.key"), key).unwrap();
        let at = folder.display();
        let config = format!(
            "daemon off; worker_processes 1; pid {at}/nginx.pid; error_log {at}/error.log;
            events {{ }}
            http {{
              client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;
              uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
              log_format figures '$server_protocol $status $body_bytes_sent $gzip_ratio $request_method $uri';
              access_log {at}/access.log figures;
              gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any;
              client_max_body_size 64m;
              proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off;
              server {{
                listen 127.0.0.1:{secure} ssl http2;
                ssl_certificate {at}/server.pem; ssl_certificate_key {at}/server.key;
                location / {{ proxy_pass {server}; }}
              }}
              server {{ listen 127.0.0.1:{plain}; location / {{ proxy_pass {server}; }} }}
            }}"
        );
        std::fs::write(folder.join("nginx.conf"), config).unwrap();
        let running = Running::start(&mut nginx(&program, folder), &[secure, plain]).await;
        Self { secure, plain, folder: folder.to_owned(), program, _running: running }
    }

    /// Starts new workers; the old ones say goodbye on their connections.
    fn reload(&self) {
        assert!(nginx(&self.program, &self.folder).args(["-s", "reload"]).status().unwrap().success());
    }

    /// The log of requests: protocol, status, bytes, ratio, method and path.
    fn log(&self) -> Vec<Vec<String>> {
        let log = std::fs::read_to_string(self.folder.join("access.log")).unwrap();
        log.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
    }
}

fn nginx(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(folder.join("nginx.conf"));
    command
}

/// Runs a command of the shell where `eq.test` is known, with the folder and the program as its arguments.
fn with_hosts(folder: &Path, program: &Path, run: &str) -> Command {
    std::fs::write(folder.join("hosts"), "127.0.0.1 localhost eq.test\n").unwrap();
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "--", "sh", "-c"]);
    command.arg(format!("mount --bind \"$1/hosts\" /etc/hosts && exec \"$2\" {run}"));
    command.arg("sh").arg(folder).arg(program).stdout(Stdio::null());
    command
}

async fn tinyproxy(folder: &Path) -> (u16, Running) {
    let port = free_port();
    let at = folder.display();
    let config = format!(
        "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 50\nLogFile \"{at}/tinyproxy.log\"\n\
         LogLevel Connect\nBasicAuth user proxy-password\n"
    );
    std::fs::write(folder.join("tinyproxy.conf"), config).unwrap();
    let program = program("EDGEQUAKE_TEST_TINYPROXY");
    let mut command = with_hosts(folder, &program, "-d -c \"$1/tinyproxy.conf\"");
    (port, Running::start(&mut command, &[port]).await)
}

async fn microsocks(folder: &Path) -> (u16, Running) {
    let port = free_port();
    let program = program("EDGEQUAKE_TEST_MICROSOCKS");
    let run = format!("-i 127.0.0.1 -p {port} -u user -P proxy-password 2>>\"$1/microsocks.log\"");
    (port, Running::start(&mut with_hosts(folder, &program, &run), &[port]).await)
}

fn client(base: &str, transport: HttpTransportBuilder) -> Client {
    let builder = Client::builder().base_url(base).transport(transport).compression(true).allow_http(true);
    builder.build().unwrap()
}

/// Everything that an application does, with the time that each step took.
async fn use_all(client: &Client, version: Version) -> Vec<(&'static str, Duration)> {
    let mut times = Vec::new();
    let mut begun = Instant::now();
    let mut step = |name| times.push((name, std::mem::replace(&mut begun, Instant::now()).elapsed()));

    let client = client.login("root", "root-password").await.unwrap();
    let client = client.with_tenant(TenantId::server_default()).with_workspace(WorkspaceId::server_default());
    step("login");
    let text = UploadText::new("The harbour bridge opened in 1931.").title("Bridges");
    let uploaded = client.documents().upload_text(text).await.unwrap();
    client.documents().wait_for(&uploaded).await.unwrap();
    step("upload of a text");
    let megabytes = "A cat has nine lives, and none of them is dull. ".repeat(80_000);
    client.documents().upload(UploadFile::from_bytes("cats.md", megabytes)).await.unwrap();
    step("upload of 4 MB");
    let answer = client.query().execute(Query::new("When did the bridge open?")).await.unwrap();
    assert!(answer.answer.contains("1931"), "{}", answer.answer);
    step("query");
    let mut stream = client.query().stream(StreamQuery::new("When did the bridge open?")).await.unwrap();
    let mut events = 0;
    while let Some(event) = stream.next().await {
        event.unwrap();
        events += 1;
    }
    assert!(events > 2, "{events}");
    step("stream");
    for _ in 0..100 {
        assert!(!client.documents().list(ListDocuments::new()).await.unwrap().documents.is_empty());
    }
    step("100 lists");
    let raw = client.request(Method::GET, "/api/v1/documents").await.unwrap();
    assert_eq!((raw.version(), raw.headers().get("content-encoding")), (version, None));
    times
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx, tinyproxy and microsocks: cargo xtask proxy"]
async fn everything_works_through_nginx_and_proxies() {
    let server = DevServer::builder().user("root", "root@corp.test", "root-password", Role::Admin);
    let server = server.start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let nginx = Nginx::start(folder.path(), &authority, server.url()).await;
    let (port, _tinyproxy) = tinyproxy(folder.path()).await;
    let through = |password| {
        let proxy = Proxies::all(&format!("http://user:{password}@127.0.0.1:{port}"), "").unwrap();
        authority.trusted().proxies(proxy)
    };
    let (port, _microsocks) = microsocks(folder.path()).await;
    let socks = |scheme, password| {
        let proxy = Proxies::all(&format!("{scheme}://user:{password}@127.0.0.1:{port}"), "").unwrap();
        authority.trusted().proxies(proxy)
    };

    let mut table = String::new();
    for (name, base, transport, version) in [
        (
            "nginx, TLS, HTTP/2",
            format!("https://localhost:{}", nginx.secure),
            authority.trusted(),
            Version::HTTP_2,
        ),
        (
            "the same, tunnelled",
            format!("https://eq.test:{}", nginx.secure),
            through("proxy-password"),
            Version::HTTP_2,
        ),
        (
            "nginx, forwarded",
            format!("http://eq.test:{}", nginx.plain),
            through("proxy-password"),
            Version::HTTP_11,
        ),
        (
            "nginx, TLS, by SOCKS",
            format!("https://eq.test:{}", nginx.secure),
            socks("socks5h", "proxy-password"),
            Version::HTTP_2,
        ),
        (
            "nginx, plain, by SOCKS",
            format!("http://eq.test:{}", nginx.plain),
            socks("socks5h", "proxy-password"),
            Version::HTTP_11,
        ),
        (
            // This machine, by an address that is none of the loopback ones.
            "the same, by address",
            format!("http://0.0.0.0:{}", nginx.plain),
            socks("socks5", "proxy-password"),
            Version::HTTP_11,
        ),
    ] {
        let before = nginx.log().len();
        let times = use_all(&client(&base, transport), version).await;
        let requests = nginx.log().split_off(before);
        let protocol = if version == Version::HTTP_2 { "HTTP/2.0" } else { "HTTP/1" };
        assert!(requests.iter().all(|request| request[0].starts_with(protocol)), "{requests:?}");
        let lists: Vec<_> = requests
            .iter()
            .filter(|request| request[5].ends_with("/documents") && request[4] == "GET")
            .collect();
        assert!(
            lists.iter().all(|request| request[3].parse::<f64>().is_ok_and(|ratio| ratio > 1.0)),
            "{lists:?}"
        );
        table += &format!("{name}: {} requests, lists compressed {} times\n", requests.len(), lists[0][3]);
        for (step, time) in times {
            table += &format!("    {step:<18} {:>9.2} ms\n", time.as_secs_f64() * 1e3);
        }
    }

    for transport in [through("wrong"), socks("socks5h", "wrong")] {
        let client = client(&format!("https://eq.test:{}", nginx.secure), transport);
        let error = client.documents().list(ListDocuments::new()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error:?}");
        let text = crate::errors::chain(&error);
        assert!(text.contains("requires a user and a password, or rejects those in its URL"), "{text}");
    }
    // Nothing listens there, which the proxy says.
    let nowhere = client(&format!("http://eq.test:{}", free_port()), socks("socks5h", "proxy-password"));
    let error = nowhere.documents().list(ListDocuments::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 4), "{error:?}");
    table += &format!("nothing behind the SOCKS proxy: {error}\n");

    let goodbyes = client(&format!("https://localhost:{}", nginx.secure), authority.trusted());
    let goodbyes = goodbyes.login("root", "root-password").await.unwrap();
    for _ in 0..5 {
        nginx.reload();
        let calls = (0..50).map(|_| async { goodbyes.documents().list(ListDocuments::new()).await });
        for result in futures_util::future::join_all(calls).await {
            result.unwrap();
        }
    }
    table += "250 lists through 5 restarts of nginx's workers: none failed\n";
    #[allow(clippy::print_stdout, reason = "the figures that this was run for")]
    {
        print!("{table}");
    }
}
