//! Real disks and folders of many kinds: the store works there, or says in one line what is wrong and what to do. Before it
//! says so, no token is spent.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bytes::Bytes;
use edgequake_auth::{
    AuthContext, BoxFuture, Credentials as _, FileStore, Jwt, TokenStore as _, TokenTransport,
    TransportError, TransportErrorKind,
};
use edgequake_devserver::{DevServer, SessionEvent, SessionId};
use http::{Request, Response};
use tokio::runtime::Runtime;

use crate::{dev, http1};

/// A server, and a folder for what is mounted.
struct Place {
    runtime: Runtime,
    server: DevServer,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(dev::start());
        Self { runtime, server, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn log_in(&self, store: &FileStore) -> SessionId {
        self.runtime.block_on(dev::log_in(&self.server, store))
    }

    fn refresh(&self, store: &FileStore) -> Result<(), String> {
        self.refresh_by(&dev::provider(self.server.addr(), "refresh", store).build().unwrap())
    }

    fn refresh_by(&self, jwt: &Jwt) -> Result<(), String> {
        let cx = AuthContext::new(jwt.origin().clone());
        self.runtime.block_on(jwt.authorize(&cx)).map(drop).map_err(|error| error.to_string())
    }

    /// How many tokens were presented.
    fn spent(&self, session: SessionId) -> usize {
        let entries = self.server.ledger().of(session);
        assert!(
            entries
                .iter()
                .all(|entry| matches!(entry.event, SessionEvent::LoggedIn | SessionEvent::Refreshed))
        );
        entries.len() - 1
    }

    fn saved(&self, store: &FileStore) -> u64 {
        let stored = self.runtime.block_on(store.read(&dev::key(&self.server))).unwrap().unwrap();
        stored.record.tokens().unwrap().version.counter
    }
}

/// What is mounted until this is dropped.
struct Mount(PathBuf);

impl Mount {
    /// `None`, with a line that says why, where it cannot be done.
    fn new(path: PathBuf, arguments: &[&str]) -> Option<Self> {
        run(Command::new("mount").args(arguments).arg(&path)).then(|| Self(path))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run(Command::new("umount").args(["--lazy"]).arg(&self.0));
    }
}

fn run(command: &mut Command) -> bool {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            println!("skipped: {command:?} fails here: {}", said.lines().next().unwrap_or_default());
            false
        }
        Err(error) => {
            println!("skipped: {command:?} cannot be run here: {error}");
            false
        }
    }
}

fn fill(folder: &Path) {
    use std::io::Write as _;

    let mut file = std::fs::File::create(folder.join("filling")).unwrap();
    let blocks = [4096, 1].map(|length| vec![0_u8; length]);
    for block in blocks {
        while file.write_all(&block).is_ok() {}
    }
}

fn one_line(result: Result<(), String>) -> String {
    let text = result.unwrap_err();
    assert!(!text.contains('\n'), "{text}");
    println!("told: {text}");
    text
}

#[test]
#[ignore = "mounts: cargo xtask disk"]
fn a_full_disk_is_found_before_a_token_is_spent_and_keeps_room_for_its_successor() {
    let place = Place::new();
    let path = place.path("full");
    let Some(_mount) = Mount::new(path.clone(), &["-t", "tmpfs", "-o", "size=256k", "tmpfs"]) else { return };
    let store = FileStore::new(path.join("logins"));
    let session = place.log_in(&store);
    fill(&path);
    let text = one_line(place.refresh(&store));
    assert!(text.ends_with("no space left on device; make room"), "{text}");
    assert_eq!(place.spent(session), 0);
    std::fs::remove_file(path.join("filling")).unwrap();
    // Now it is full from the moment when the token is under way.
    let address = place.server.addr();
    let filling = Filling { address, folder: path.clone() };
    let jwt = Jwt::builder(format!("http://{address}").parse().unwrap(), filling).account("mona");
    let jwt = jwt.store(store.clone()).build().unwrap();
    place.refresh_by(&jwt).unwrap();
    assert!(!jwt.watch().status().unsaved);
    assert_eq!((place.spent(session), place.saved(&store)), (1, 2));
    println!("a disk that fills up during the exchange: the successor is saved");
}

/// Fills the disk before each request.
#[derive(Debug)]
struct Filling {
    address: SocketAddr,
    folder: PathBuf,
}

impl TokenTransport for Filling {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
        fill(&self.folder);
        let answer = http1::post(self.address, "filling", &request, || {});
        let answer =
            answer.map_err(|error| TransportError::new(TransportErrorKind::Interrupted).with_source(error));
        Box::pin(async { answer })
    }
}

#[test]
#[ignore = "mounts: cargo xtask disk"]
fn a_read_only_mount_is_read_and_told() {
    let place = Place::new();
    let (real, seen) = (place.path("real"), place.path("seen"));
    let session = place.log_in(&FileStore::new(real.join("logins")));
    let Some(mount) = Mount::new(seen.clone(), &["--bind", real.to_str().unwrap()]) else { return };
    let store = FileStore::new(seen.join("logins"));
    // The same folder by another path is the same store.
    place.refresh(&store).unwrap();
    assert_eq!((place.spent(session), place.saved(&store)), (1, 2));
    println!("a bind mount works");
    if run(Command::new("mount").args(["-o", "remount,ro,bind"]).arg(&mount.0)) {
        assert_eq!(place.saved(&store), 2);
        let text = one_line(place.refresh(&store));
        let end = "read-only file system; choose a folder that can be written, or mount it writable";
        assert!(text.ends_with(end), "{text}");
        assert_eq!(place.spent(session), 1);
    }
}

#[test]
#[ignore = "mounts: cargo xtask disk"]
fn layers_of_a_container_work() {
    let place = Place::new();
    let Some(_mount) = Mount::new(place.path("disk"), &["-t", "tmpfs", "tmpfs"]) else { return };
    let [lower, upper, work, seen] =
        ["disk/lower", "disk/upper", "disk/work", "disk/seen"].map(|name| place.path(name));
    // The login is in the image.
    let session = place.log_in(&FileStore::new(lower.join("logins")));
    let layers =
        format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
    let Some(_overlay) = Mount::new(seen.clone(), &["-t", "overlay", "-o", &layers, "overlay"]) else {
        return;
    };
    let store = FileStore::new(seen.join("logins"));
    for refreshes in 1..4 {
        place.refresh(&store).unwrap();
        assert_eq!((place.spent(session), place.saved(&store)), (refreshes, refreshes as u64 + 1));
    }
    println!("an overlay works");
}

#[test]
#[ignore = "mounts: cargo xtask disk"]
fn a_file_system_without_hard_links_works_or_says_so() {
    let place = Place::new();
    let image = place.folder.path().join("image");
    let name = |variable: &str, usual: &str| std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let make = |program: &str, device: &Path| {
        std::fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
        run(Command::new(program).arg(device))
    };
    // The kernel's FAT renames without replacing.
    let path = place.path("fat");
    if make(&name("EDGEQUAKE_TEST_MKFS_VFAT", "mkfs.vfat"), &image)
        && let Some(_mount) =
            Mount::new(path.clone(), &["-t", "vfat", "-o", "loop,umask=077", image.to_str().unwrap()])
    {
        let store = FileStore::new(path.join("logins"));
        let session = place.log_in(&store);
        place.refresh(&store).unwrap();
        assert_eq!((place.spent(session), place.saved(&store)), (1, 2));
        println!("FAT works");
    }
    // exFAT by FUSE can do neither.
    let path = place.path("exfat");
    if make(&name("EDGEQUAKE_TEST_MKFS_EXFAT", "mkfs.exfat"), &image)
        && let Some(device) = Loop::new(&image)
        && run(Command::new(name("EDGEQUAKE_TEST_EXFAT", "mount.exfat-fuse")).arg(&device.0).arg(&path))
    {
        let _mount = Mount(path.clone());
        let store = FileStore::new(path.join("logins"));
        let jwt = dev::provider(place.server.addr(), "exfat", &store).login("mona", dev::PASSWORD);
        let jwt = jwt.build().unwrap();
        // A login is a session of its own, which is in use although it cannot be kept.
        place.refresh_by(&jwt).unwrap();
        let text = jwt.last_store_error().unwrap().to_string();
        println!("told: {text}");
        let end = "this file system has no hard links and cannot rename without replacing: choose a folder on another one";
        assert!(text.ends_with(end) && jwt.watch().status().unsaved, "{text}");
    }
}

/// A file as a disk, until this is dropped.
struct Loop(PathBuf);

impl Loop {
    fn new(image: &Path) -> Option<Self> {
        let output = Command::new("losetup").args(["--find", "--show"]).arg(image).output().ok()?;
        let device = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        if !output.status.success() {
            println!("skipped: no loop device: {}", String::from_utf8_lossy(&output.stderr));
            return None;
        }
        Some(Self(device.into()))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        run(Command::new("losetup").arg("--detach").arg(&self.0));
    }
}

/// Set in a child of another user: the address of the server and the folder.
const OTHER_USER: &str = "EDGEQUAKE_AUTH_TEST_OTHER_USER";

/// Does nothing in an ordinary test run.
#[test]
fn child_of_another_user() {
    let Ok(orders) = std::env::var(OTHER_USER) else { return };
    let (address, folder) = orders.split_once('|').unwrap();
    let store = FileStore::new(folder);
    let jwt = dev::provider(address.parse().unwrap(), "other", &store).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let result = runtime.block_on(jwt.authorize(&AuthContext::new(jwt.origin().clone())));
    println!("@ {}", result.unwrap_err());
}

#[test]
#[ignore = "takes root: cargo xtask disk"]
fn a_folder_of_another_user_is_told() {
    let place = Place::new();
    let store = FileStore::new(place.path("others").join("logins"));
    let session = place.log_in(&store);
    // The way there is open, the folder of the logins is not.
    for path in [place.folder.path(), &place.folder.path().join("others")] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let orders = format!("{}|{}", place.server.addr(), store.path().display());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["places::child_of_another_user", "--exact", "--nocapture"])
        .env(OTHER_USER, orders)
        .uid(65_534)
        .gid(65_534)
        .output();
    let output = match output {
        Ok(output) => String::from_utf8(output.stdout).unwrap(),
        Err(error) => return println!("skipped: no process of another user here: {error}"),
    };
    let text = output.split("@ ").nth(1).and_then(|said| said.lines().next()).unwrap();
    println!("told: {text}");
    assert!(text.ends_with("/logins belongs to another user: choose another folder"), "{text}");
    assert_eq!(place.spent(session), 0);
}
