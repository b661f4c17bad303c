//! What is held of any input at all; run by the fuzzer over inputs of its own, and by an ordinary test over the corpus.

#![allow(dead_code, reason = "each fuzz target uses one function")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken promise has to stop the run")]

use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{
    AuthContext, BoxFuture, Credentials as _, DotEnv, FileStore, Jwt, StaticKey, StoreErrorKind, StoredLogin,
    TokenStore as _, TokenTransport, Tokens, TransportError, TransportErrorKind,
};
use http::{HeaderMap, Request, Response};

/// A `.env` file is read or refused by the number of a line, and what is read can be asked for.
pub(crate) fn dotenv(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match DotEnv::parse("file", text) {
        Ok(file) => {
            for name in file.keys() {
                let quoted = file.get(name).unwrap_or_default().replace('\'', "");
                // A value written literally comes back as it is.
                let again = DotEnv::parse("again", &format!("{name}='{quoted}'")).unwrap();
                assert_eq!(again.get(name).unwrap_or_default(), quoted.replace("\r\n", "\n"));
            }
        }
        Err(error) => assert!(error.to_string().starts_with("file, line ")),
    }
}

/// Any access token is refused or used, and its lifetime is a sane one or unknown.
pub(crate) fn jwt_exp(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let origin = "https://api.example.com".parse().unwrap();
    let Ok(jwt) = Jwt::builder(origin, Nowhere).tokens(Tokens::new(text)).build() else { return };
    let decade = Duration::from_secs(10 * 366 * 24 * 3600);
    assert!(jwt.expires_in().is_none_or(|left| left <= decade));
}

/// A token file is read, or refused and left alone; what is saved is read again.
pub(crate) fn token_file(data: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins.json");
    std::fs::write(&path, data).unwrap();
    let store = FileStore::new(&path);
    let origin = "https://api.example.com".parse().unwrap();
    let login = StoredLogin::new("mona", "a1");
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
        let readable = store.load(&origin, None).await;
        let saved = store.save(&origin, &login).await;
        match readable {
            Ok(_) => {
                saved.unwrap();
                assert_eq!(store.load(&origin, None).await.unwrap(), Some(login));
            }
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Corrupt);
                assert_eq!(saved.unwrap_err().kind(), StoreErrorKind::Corrupt);
                assert_eq!(std::fs::read(&path).unwrap(), data);
            }
        }
    });
}

/// Any key is refused, or is one clean, sensitive header with one scheme.
pub(crate) fn api_key_header(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(key) = StaticKey::new(text) else { return };
    let context = AuthContext::new("https://api.example.com".parse().unwrap());
    let mut headers = HeaderMap::new();
    key.ready(&context).unwrap().apply(&mut headers);
    assert_eq!(headers.len(), 1);
    let value = &headers["authorization"];
    let sent = value.to_str().unwrap().strip_prefix("Bearer ").unwrap();
    assert!(value.is_sensitive() && !sent.is_empty() && sent == sent.trim() && text.contains(sent));
}

/// A transport that no request gets through.
#[derive(Debug)]
struct Nowhere;

impl TokenTransport for Nowhere {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
        Box::pin(async { Err(TransportError::new(TransportErrorKind::NotSent)) })
    }
}
