//! The keyring of the system, over a credential store that has the rules of Windows' Credential Manager.

use std::any::Any;
use std::collections::HashMap;

use keyring_core::api::{Credential, CredentialApi, CredentialStoreApi};
use keyring_core::{Entry, Error, Result};

use super::super::KeyringStore;
use super::*;
use crate::store::{Record, ServerKey, StoredTokens, TokenStore};

/// `CRED_MAX_CREDENTIAL_BLOB_SIZE`, in bytes.
const LONGEST_SECRET: usize = 2_560;
/// `CRED_MAX_USERNAME_LENGTH`.
const LONGEST_USER: usize = 513;

type Blobs = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// Keeps blobs of 2,560 bytes, and texts in UTF-16.
#[derive(Debug, Default)]
struct Windows(Blobs);

#[derive(Debug)]
struct Blob {
    blobs: Blobs,
    service: String,
    user: String,
}

impl CredentialStoreApi for Windows {
    fn vendor(&self) -> String {
        "test".to_owned()
    }

    fn id(&self) -> String {
        "test".to_owned()
    }

    fn build(&self, service: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> Result<Entry> {
        if user.len() > LONGEST_USER {
            return Err(Error::TooLong("user".to_owned(), LONGEST_USER as u32));
        }
        let blob = Blob { blobs: Arc::clone(&self.0), service: service.to_owned(), user: user.to_owned() };
        Ok(Entry::new_with_credential(Arc::new(blob)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl CredentialApi for Blob {
    fn set_password(&self, password: &str) -> Result<()> {
        let blob: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        if blob.len() > LONGEST_SECRET {
            return Err(Error::TooLong("password encoded as UTF-16".to_owned(), LONGEST_SECRET as u32));
        }
        self.set_secret(&blob)
    }

    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        if secret.len() > LONGEST_SECRET {
            return Err(Error::TooLong("secret".to_owned(), LONGEST_SECRET as u32));
        }
        self.blobs.lock().unwrap().insert(self.user.clone(), secret.to_vec());
        Ok(())
    }

    fn get_password(&self) -> Result<String> {
        let blob = self.get_secret()?;
        let units: Vec<u16> =
            blob.chunks(2).map(|pair| u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)])).collect();
        String::from_utf16(&units).map_err(|_| Error::BadEncoding(blob))
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        self.blobs.lock().unwrap().get(&self.user).cloned().ok_or(Error::NoEntry)
    }

    fn delete_credential(&self) -> Result<()> {
        self.blobs.lock().unwrap().remove(&self.user).map(drop).ok_or(Error::NoEntry)
    }

    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some((self.service.clone(), self.user.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[tokio::test]
async fn tokens_have_all_the_room_that_windows_gives() {
    let blobs = Blobs::default();
    let store: Arc<CredentialStore> = Arc::new(Windows(Arc::clone(&blobs)));
    let vault = SystemVault { store: Mutex::new(Some(store)) };
    let folder = tempfile::tempdir().unwrap();
    let store = KeyringStore::over(vault, folder.path().join("records"));
    let key = ServerKey::new("https://api.example.com".parse().unwrap(), "").account("mona");
    // As texts, the first would have no room in one blob.
    for (length, entries) in [(1_400, 1), (6_000, 4)] {
        let access = "a".repeat(length);
        let tokens = StoredTokens::new(Some(access.as_str().into()), Some("r1".into()));
        let record = Record::new(tokens, std::time::SystemTime::now());
        let present = store.read(&key).await.unwrap().map(|stored| stored.revision);
        let _ = store.compare_and_set(&key, present, &record).await.unwrap();
        let stored = store.read(&key).await.unwrap().unwrap();
        let read = stored.record.tokens().and_then(|tokens| tokens.access_token.clone());
        assert_eq!(read.unwrap().expose(), access);
        let blobs = blobs.lock().unwrap();
        assert_eq!(blobs.len(), entries, "{:?}", blobs.keys());
        assert!(blobs.values().all(|blob| blob.len() <= LONGEST_SECRET && blob.is_ascii()));
    }
    // Of a name that has no room it is not said that the tokens are too large.
    let long = ServerKey::new("https://api.example.com".parse().unwrap(), "").account("m".repeat(600));
    let tokens = StoredTokens::new(Some("a1".into()), None);
    let record = Record::new(tokens, std::time::SystemTime::now());
    let error = store.compare_and_set(&long, None, &record).await.unwrap_err();
    assert!(error.to_string().contains("name"), "{error}");
}
