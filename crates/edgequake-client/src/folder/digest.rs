//! [`digest`]: the content of a file in 32 bytes, and the state of the file that it was of.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use hmac_sha256::Hash;

use crate::body::FileUploadError;
use crate::body::file::{FileState, blocking, cannot_read};
use crate::boxed::BoxError;

/// SHA-256, by which servers know the content of a file.
pub(super) type Digest = [u8; 32];

/// How much of a file is held at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Hashes a file where blocking is allowed.
///
/// # Errors
///
/// [`FileUploadError`] for what is no regular file, cannot be read, changes meanwhile, or is longer than it is said to be.
pub(super) async fn digest(path: &Path) -> Result<(FileState, Digest), BoxError> {
    let asked = path.to_owned();
    // Gone when nobody waits for the hash any more.
    let waits = Arc::new(());
    let waited_for = Arc::downgrade(&waits);
    let read = move || {
        // Opening a pipe would wait for somebody who writes to it.
        if !std::fs::metadata(&asked)?.is_file() {
            return Ok(Err(FileUploadError::NotAFile { path: asked }));
        }
        let mut file = File::open(&asked)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(Err(FileUploadError::NotAFile { path: asked }));
        }
        let state = FileState::of(&metadata);
        let (mut hash, mut length) = (Hash::new(), 0u64);
        let mut piece =
            vec![0; PIECE.min(usize::try_from(state.length()).unwrap_or(PIECE).saturating_add(1))];
        // A file that grows for ever, or has no length, is not read for ever.
        while length <= state.length() {
            if waited_for.strong_count() == 0 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            hash.update(piece.get(..read).unwrap_or_default());
            length += read as u64;
        }
        let after = FileState::of(&file.metadata()?);
        Ok(if length == state.length() && after == state {
            Ok((state, hash.finalize()))
        } else if after == state && state.length() == 0 {
            Err(FileUploadError::UnknownLength { path: asked })
        } else {
            Err(FileUploadError::Changed { path: asked })
        })
    };
    let read = blocking(read).await?;
    drop(waits);
    match read.map_err(|error| cannot_read(path, error))? {
        Ok(digest) => Ok(digest),
        Err(error) => Err(error.into()),
    }
}

/// Reads a hash as servers write it.
pub(super) fn parse(text: &str) -> Option<Digest> {
    let text = text.strip_prefix("sha256:").unwrap_or(text).as_bytes();
    if text.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_hashed_in_the_state_that_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            std::fs::write(&path, vec![b'a'; length]).unwrap();
            let (state, digest) = digest(&path).await.unwrap();
            assert_eq!((state.length(), digest), (length as u64, Hash::hash(&vec![b'a'; length])));
        }
        assert!(matches!(
            digest(folder.path()).await.unwrap_err().downcast_ref(),
            Some(FileUploadError::NotAFile { .. })
        ));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn nobody_waits_for_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe.md");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let error = digest(&path).await.unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(FileUploadError::NotAFile { .. })), "{error}");
    }

    #[test]
    fn hashes_are_read_as_servers_write_them() {
        let digits = "0123456789abcdef".repeat(4);
        let digest = parse(&digits).unwrap();
        assert_eq!(digest[..3], [0x01, 0x23, 0x45]);
        assert_eq!(parse(&format!("sha256:{}", digits.to_uppercase())), Some(digest));
        for odd in ["", "01", "0123456789abcdeg0123456789abcdef0123456789abcdef0123456789abcdef"] {
            assert_eq!(parse(odd), None);
        }
    }
}
