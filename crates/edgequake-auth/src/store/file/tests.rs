use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::store::StoreErrorKind;

fn origin(url: &str) -> Origin {
    url.parse().unwrap()
}

fn api() -> Origin {
    origin("https://api.example.com")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_file_and_its_folder_are_private_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/deep/logins.json");
    FileStore::new(&path).save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_file_name("logins.json.lock")), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&folder.path().join("new")), 0o700);
    let names: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[tokio::test]
async fn an_open_file_is_closed_to_others_by_reading_and_by_writing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins.json");
    let store = FileStore::new(&path);
    store.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    store.load(&api(), None).await.unwrap().unwrap();
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    store.save(&api(), &StoredLogin::new("mona", "a2")).await.unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn origins_and_users_share_a_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("logins.json"));
    let other = origin("https://api.example.com:8443");
    store.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap();
    store.save(&api(), &StoredLogin::new("noah", "a2")).await.unwrap();
    store.save(&other, &StoredLogin::new("mona", "a3")).await.unwrap();
    let token = async |origin: &Origin, user: Option<&str>| {
        let login = store.load(origin, user).await.unwrap()?;
        Some(login.access_token.expose().to_owned())
    };
    assert_eq!(token(&api(), Some("mona")).await.as_deref(), Some("a1"));
    assert_eq!(token(&api(), None).await.as_deref(), Some("a2"));
    assert_eq!(token(&other, None).await.as_deref(), Some("a3"));
    assert_eq!(token(&origin("http://api.example.com"), None).await, None);
    store.clear(&api(), "noah").await.unwrap();
    store.clear(&api(), "nobody").await.unwrap();
    assert_eq!(token(&api(), None).await.as_deref(), Some("a1"));
    assert_eq!(token(&other, Some("mona")).await.as_deref(), Some("a3"));
}

#[tokio::test]
async fn a_damaged_or_foreign_file_is_an_error_and_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins.json");
    let store = FileStore::new(&path);
    for content in ["{\"s3cr3t", "PATH=s3cr3t", "{}", "\u{1}\u{0}"] {
        fs::write(&path, content).unwrap();
        for error in [
            store.load(&api(), None).await.unwrap_err(),
            store.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap_err(),
            store.clear(&api(), "mona").await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Corrupt);
            let text = format!("{error} {error:?}");
            assert!(text.contains("logins.json") && text.contains("move it away"), "{text}");
            assert!(!text.contains("s3cr3t"), "{text}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn what_a_killed_writer_left_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins.json");
    let store = FileStore::new(&path);
    store.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap();
    fs::write(folder.path().join(".logins.json.tmp"), "{\"format\":\"edge").unwrap();
    assert_eq!(store.load(&api(), None).await.unwrap().unwrap().access_token.expose(), "a1");
    store.save(&api(), &StoredLogin::new("mona", "a2")).await.unwrap();
    assert_eq!(store.load(&api(), None).await.unwrap().unwrap().access_token.expose(), "a2");
    assert!(!folder.path().join(".logins.json.tmp").exists());
}

#[tokio::test]
async fn a_link_is_followed_and_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real.json");
    let link = folder.path().join("logins.json");
    FileStore::new(&real).save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    FileStore::new(&link).save(&api(), &StoredLogin::new("mona", "a2")).await.unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let found = FileStore::new(&real).load(&api(), None).await.unwrap().unwrap();
    assert_eq!(found.access_token.expose(), "a2");
}

#[tokio::test]
async fn the_lock_keeps_other_stores_out_for_a_limited_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins.json");
    // Two stores on one path are like two processes: the lock belongs to the open file.
    let (ours, theirs) = (FileStore::new(&path), FileStore::new(&path));
    let lock = ours.lock(&api(), Duration::from_secs(30)).await.unwrap();
    // Whoever holds the lock writes under it.
    ours.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap();
    for store in [&ours, &theirs] {
        let error = store.lock(&api(), Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Busy);
        assert!(error.to_string().contains("logins.json"));
    }
    // Readers do not need it.
    assert!(theirs.load(&api(), None).await.unwrap().is_some());
    drop(lock);
    theirs.lock(&api(), Duration::from_secs(30)).await.unwrap();
}

#[tokio::test]
async fn writers_without_a_lock_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins.json");
    let tasks: Vec<_> = (0..16)
        .map(|user| {
            let store = FileStore::new(&path);
            tokio::spawn(async move { store.save(&api(), &StoredLogin::new(format!("u{user}"), "a")).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let store = FileStore::new(&path);
    for user in 0..16 {
        assert!(store.load(&api(), Some(&format!("u{user}"))).await.unwrap().is_some(), "u{user}");
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let store = FileStore::new(file.join("logins.json"));
    let error = store.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(std::error::Error::source(&error).is_some());
}
