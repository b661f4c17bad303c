//! What is held of any input at all; run by the fuzzer over inputs of its own, and by an ordinary test over the corpus.

#![allow(dead_code, reason = "each fuzz target uses one function")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken promise has to stop the run")]

use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{
    AuthContext, BoxFuture, Credentials as _, DotEnv, FileStore, Jwt, Record, ServerKey, StaticKey,
    StoreErrorKind, TokenStore as _, TokenTransport, Tokens, TransportError, TransportErrorKind,
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

/// A token file of version 0.1 is read, or refused and left alone; a login that is in it moves, and is read again.
pub(crate) fn token_file(data: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins.json");
    std::fs::write(&path, data).unwrap();
    let store = FileStore::new(folder.path().join("logins")).adopting(&path);
    let server = ServerKey::new("https://api.example.com".parse().unwrap(), "");
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
        match store.latest(&server).await {
            Ok(None) => {}
            Ok(Some(account)) => {
                let key = server.account(account);
                let adopted = store.read(&key).await.unwrap().unwrap();
                assert_eq!(store.read(&key).await.unwrap().unwrap(), adopted);
            }
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Corrupt);
                assert_eq!(std::fs::read(&path).unwrap(), data);
            }
        }
    });
}

/// A record is read or refused, and what is read is written and read again.
pub(crate) fn record(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok((key, record)) = Record::from_json(text) else { return };
    let written = record.to_json(&key).unwrap();
    assert_eq!(Record::from_json(written.expose()).unwrap(), (key, record));
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
