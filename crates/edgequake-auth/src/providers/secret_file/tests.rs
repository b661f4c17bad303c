//! What a file may hold, and how long it may take.

use std::sync::Condvar;

use proptest::prelude::*;

use super::*;

fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
}

fn error(path: &Path) -> String {
    SecretFile::new(path).named("the file").read_line().unwrap_err().to_string()
}

#[test]
fn what_cannot_be_a_secret_is_told_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    for (content, rule) in [
        (
            b"s3cr3t\xff".to_vec(),
            "the file is neither UTF-8 nor UTF-16 with a byte-order mark; save it as UTF-8",
        ),
        (
            b"\xff\xfes\0t".to_vec(),
            "the file is neither UTF-8 nor UTF-16 with a byte-order mark; save it as UTF-8",
        ),
        (vec![b'x'; 64 * 1024 + 1], "the file is longer than 64 KiB; name the right file"),
    ] {
        std::fs::write(&path, content).unwrap();
        assert_eq!(error(&path), rule);
    }
    std::fs::write(&path, "\r\n").unwrap();
    assert_eq!(error(&path), "the file is empty");
    assert_eq!(error(folder.path()), "the file cannot be read");
    assert_eq!(error(&folder.path().join("g")), "the file cannot be read");
}

#[tokio::test]
async fn a_file_is_read_anew_without_its_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = SecretFile::new(folder.path().join("f"));
    for text in ["s3cr3t-1", " s3cr3t-2 "] {
        std::fs::write(file.path(), format!("\u{FEFF}{text}\r\n")).unwrap();
        assert_eq!(file.read().await.unwrap().expose(), text);
    }
    assert!(!format!("{file:?}").contains("s3cr3t"));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_to_its_end_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || std::fs::write(path, "s3cr3t\n").unwrap())
    };
    let file = SecretFile::new(&path);
    let read = file.read_text().unwrap();
    writer.join().unwrap();
    assert_eq!((read.text.expose(), read.is_regular), ("s3cr3t\n", false));
    // Nobody writes any more.
    assert_eq!(file.clone().read_line().unwrap().expose(), "s3cr3t");
}

#[cfg(unix)]
#[test]
fn a_pipe_that_ends_too_late_is_an_error_and_its_content_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut file = SecretFile::new(&path).named("the file");
    file.limit = Duration::ZERO;
    file.read_line().unwrap_err();
    file.reader.lock().unwrap().pending.as_ref().unwrap().is_regular.wait();
    for _ in 0..2 {
        let error = file.read_line().unwrap_err().to_string();
        assert_eq!(error, "the file did not end within 0 s; write the secret and close it");
    }
    // Opens once somebody reads, which the first call has begun to do.
    std::fs::write(&path, "s3cr3t\n").unwrap();
    file.limit = LIMIT;
    assert_eq!(file.read_line().unwrap().expose(), "s3cr3t");
}

/// A disk that hangs until it is let go.
static HANGS: (Mutex<bool>, Condvar) = (Mutex::new(true), Condvar::new());

fn hangs(path: &Path) -> io::Result<bool> {
    let hangs = HANGS.0.lock().unwrap();
    drop(HANGS.1.wait_while(hangs, |hangs| *hangs).unwrap());
    is_regular(path)
}

#[tokio::test]
async fn a_disk_that_hangs_is_given_up_and_holds_one_thread() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = SecretFile::new(folder.path().join("f"));
    std::fs::write(file.path(), "s3cr3t-1").unwrap();
    (file.is_regular, file.limit) = (hangs, Duration::from_millis(20));
    for _ in 0..3 {
        let error = file.read().await.unwrap_err();
        assert_eq!(error.kind(), CredentialsErrorKind::TimedOut);
        let text = error.to_string().replace(&folder.path().display().to_string(), "F");
        assert_eq!(text, "the file F/f could not be read within 0 s; look at its disk or network share");
    }
    // It is not waited for again by those who come later, and what it holds by then is what they are given.
    file.limit = LIMIT;
    let begun = file.reader.lock().unwrap().pending.as_ref().unwrap().since;
    *HANGS.0.lock().unwrap() = false;
    HANGS.1.notify_all();
    std::fs::write(file.path(), "s3cr3t-2").unwrap();
    assert!(begun.elapsed() < LIMIT);
    assert_eq!(file.read().await.unwrap().expose(), "s3cr3t-2");
    assert!(file.reader.lock().unwrap().pending.is_none());
}

proptest! {
    #[test]
    fn every_encoding_gives_the_same_text(text in "[^\u{FEFF}].{0,40}") {
        let forms = [
            text.clone().into_bytes(),
            format!("\u{FEFF}{text}").into_bytes(),
            wide(&text, u16::to_le_bytes),
            wide(&text, u16::to_be_bytes),
        ];
        for form in forms {
            prop_assert_eq!(decode(&form).map(|text| text.expose().to_owned()), Some(text.clone()));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        decode(&bytes);
    }
}
