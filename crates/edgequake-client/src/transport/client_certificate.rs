//! [`ClientCertificate`]: who this client is, for servers that demand a certificate of it (mutual TLS).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::sign::CertifiedKey;

use super::tls::{self, TlsError};

/// A certificate of this client's own and its private key, for servers that demand one.
///
/// It is shown to the server, never to a proxy. Connections that are open go on when it changes; those that are opened later show the new
/// one.
///
/// ```no_run
/// use edgequake_client::{Client, ClientCertificate, HttpTransport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let own = ClientCertificate::from_files("/etc/eq/tls.crt", "/etc/eq/tls.key")?;
/// let transport = HttpTransport::builder().client_certificate(own);
/// let client = Client::builder().base_url("https://eq.corp.example").transport(transport).build()?;
/// # drop(client);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "mtls")]
#[doc(alias = "identity")]
#[derive(Clone)]
pub struct ClientCertificate(Arc<Shared>);

struct Shared {
    files: Option<Files>,
    state: Mutex<State>,
}

struct State {
    version: u64,
    /// What the files were like when they were read.
    read: Option<[Stamp; 2]>,
    key: Arc<CertifiedKey>,
}

#[derive(Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What tells one state of a file from another. Links are followed, so that one that is set to another file counts as a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// On Unix, of the inode: its number, and when it changed, which nobody can set back.
    inode: (u64, i64, i64),
}

impl ClientCertificate {
    /// Reads a certificate, with those that lead from it to its authority behind it, and its private key from PEM text. Both may stand
    /// in one text. The key has to be unencrypted: PKCS #8, PKCS #1 or SEC 1.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoCertificate`] and [`TlsError::NoKey`] when one is missing, [`TlsError::Pem`] when one is damaged,
    /// [`TlsError::ClientCertificate`] when they do not belong together.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let state = State { version: 0, read: None, key: certified(certificate, key)? };
        Ok(Self(Arc::new(Shared { files: None, state: Mutex::new(state) })))
    }

    /// As [`from_pem`](Self::from_pem), from two files or one for both, which are read now, and again before a connection is opened when
    /// one has changed. While what they hold cannot be used, as in the middle of a rotation, the former certificate stays in use, and
    /// a warning is logged.
    ///
    /// # Errors
    ///
    /// Those of [`from_pem`](Self::from_pem); [`TlsError::File`] for a file that cannot be read.
    pub fn from_files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let files = Files { certificate: certificate.into(), key: key.into() };
        let read = files.stamps()?;
        let state = State { version: 0, read: Some(read), key: files.read()? };
        Ok(Self(Arc::new(Shared { files: Some(files), state: Mutex::new(state) })))
    }

    /// The certificate as it is now, and how often it has changed.
    pub(super) async fn current(&self) -> (u64, Arc<CertifiedKey>) {
        if self.0.files.is_some() {
            let shared = Arc::clone(&self.0);
            // Files are read where that holds nobody up. Without the runtime nobody waits for it.
            let _ = tokio::task::spawn_blocking(move || shared.reload()).await;
        }
        let state = self.0.lock();
        (state.version, Arc::clone(&state.key))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reload(&self) {
        let Some(files) = &self.files else { return };
        let changed = files.stamps().map(|stamps| {
            // What changes from here on is seen the next time.
            (self.lock().read != Some(stamps)).then_some(stamps)
        });
        let read = match changed {
            Ok(None) => return,
            Ok(Some(stamps)) => files.read().map(|key| (stamps, key)),
            Err(error) => Err(error),
        };
        match read {
            Ok((stamps, key)) => {
                let mut state = self.lock();
                *state = State { version: state.version + 1, read: Some(stamps), key };
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(
                    error,
                    "the client certificate has changed and cannot be read: the former one stays in use"
                );
            }
        }
    }
}

impl Files {
    fn stamps(&self) -> Result<[Stamp; 2], TlsError> {
        Ok([stamp(&self.certificate)?, stamp(&self.key)?])
    }

    fn read(&self) -> Result<Arc<CertifiedKey>, TlsError> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| unreadable(path, error));
        certified(&read(&self.certificate)?, &read(&self.key)?)
    }
}

fn unreadable(path: &Path, source: io::Error) -> TlsError {
    TlsError::File { path: path.to_owned(), source }
}

fn stamp(path: &Path) -> Result<Stamp, TlsError> {
    let data = std::fs::metadata(path).map_err(|error| unreadable(path, error))?;
    #[cfg(unix)]
    let inode = {
        use std::os::unix::fs::MetadataExt as _;
        (data.ino(), data.ctime(), data.ctime_nsec())
    };
    #[cfg(not(unix))]
    let inode = (0, 0, 0);
    Ok(Stamp { length: data.len(), modified: data.modified().ok(), inode })
}

fn certified(certificate: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain = tls::certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey,
        damaged => TlsError::Pem(damaged.into()),
    })?;
    let unusable = |error: rustls::Error| TlsError::ClientCertificate(error.into());
    Ok(Arc::new(CertifiedKey::from_der(chain, key, &tls::provider()).map_err(unusable)?))
}

/// Names the files, and nothing of the key.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ClientCertificate");
        if let Some(Files { certificate, key }) = &self.0.files {
            shown.field("certificate", certificate).field("key", key);
        }
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;

    use super::*;

    fn pem() -> (String, String) {
        let own = rcgen::generate_simple_self_signed(["client".to_owned()]).unwrap();
        (own.cert.pem(), own.signing_key.serialize_pem())
    }

    fn chain(key: &CertifiedKey) -> Vec<CertificateDer<'static>> {
        key.cert.clone()
    }

    #[test]
    fn what_cannot_be_used_says_why_and_shows_no_key() {
        let ((certificate, key), (other, _)) = (pem(), pem());
        let said = |certificate: &str, key: &str| {
            let error = ClientCertificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err();
            format!("{error}")
        };
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        insta::assert_snapshot!([
            said("hello", &key),
            said(&certificate, &certificate),
            said(&certificate, &encrypted),
            said(&certificate, "-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n"),
            said(&other, &key),
            ClientCertificate::from_files("/nowhere/tls.crt", "/nowhere/tls.key").unwrap_err().to_string(),
        ].join("\n"), @"
        no certificate found: expected PEM text with BEGIN CERTIFICATE
        no private key found: expected PEM text with BEGIN PRIVATE KEY, and not encrypted
        no private key found: expected PEM text with BEGIN PRIVATE KEY, and not encrypted
        the PEM text of a certificate or key is damaged
        the client certificate cannot be used: is the key its own, and of a common kind (RSA, ECDSA, Ed25519)?
        /nowhere/tls.crt cannot be read
        ");
        let both = format!("{certificate}{key}");
        let own = ClientCertificate::from_pem(both.as_bytes(), both.as_bytes()).unwrap();
        assert_eq!(format!("{own:?}"), "ClientCertificate { .. }");
    }

    #[tokio::test]
    async fn files_are_read_again_when_they_change_and_the_former_stays_until_they_fit() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        let write = |name, text: &str| {
            std::fs::write(path("new"), text).unwrap();
            std::fs::rename(path("new"), path(name)).unwrap();
        };
        let ((certificate, key), (next_certificate, next_key)) = (pem(), pem());
        write("tls.crt", &certificate);
        write("tls.key", &key);
        let own = ClientCertificate::from_files(path("tls.crt"), path("tls.key")).unwrap();
        let first = own.current().await;
        assert_eq!(own.current().await.0, 0);
        // In the middle of a rotation they do not belong together.
        write("tls.crt", &next_certificate);
        assert_eq!(own.current().await.0, 0);
        write("tls.key", &next_key);
        let second = own.current().await;
        assert_eq!(second.0, 1);
        assert_ne!(chain(&first.1), chain(&second.1));
        std::fs::remove_file(path("tls.crt")).unwrap();
        assert_eq!(chain(&own.current().await.1), chain(&second.1));
    }
}
