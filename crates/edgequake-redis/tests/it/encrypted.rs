//! Encryption at rest: nothing that Redis holds shows a token, and what is not encrypted is not believed.

use edgequake_auth::store::contract;
use edgequake_auth::{StoreErrorKind, TokenStore as _};
use edgequake_redis::EncryptionKey;

use crate::server::{Server, access, login, mona, put};

fn key(byte: u8) -> EncryptionKey {
    EncryptionKey::from_bytes([byte; 32])
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn the_contract_holds_and_redis_sees_no_token() {
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    contract::check(|| server.builder().encryption_key(key(1)).build().unwrap()).await;
    put(&server.builder().encryption_key(key(1)).build().unwrap(), &login("s3cr3t")).await;
    let seen = |folder: &std::path::Path| {
        let mut bytes = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    bytes.extend(std::fs::read(path).unwrap());
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let on_disk = seen(server.folder.path());
    assert!(on_disk.contains("edgequake:login:{https://eq.example.com}:mona"));
    assert!(!on_disk.contains("s3cr3t") && !on_disk.contains("access_token"));
    // The other direction: without a key they are there.
    put(&server.builder().key_prefix("plain").build().unwrap(), &login("s3cr3t")).await;
    assert!(seen(server.folder.path()).contains("s3cr3t"));
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn keys_change_without_a_login_and_wrong_ones_are_told() {
    let server = Server::start(&[]).await;
    let old = server.builder().encryption_key(key(1)).build().unwrap();
    put(&old, &login("a0")).await;
    // First every process is told of the new key: those that were, and those that were not yet, read what the others write.
    let told = server.builder().encryption_key(key(1)).decryption_key(key(2)).build().unwrap();
    put(&told, &login("a1")).await;
    assert_eq!(access(&old).await.as_deref(), Some("a1"));
    // Then they write with it.
    let both = server.builder().encryption_key(key(2)).decryption_key(key(1)).build().unwrap();
    assert_eq!(access(&both).await.as_deref(), Some("a1"));
    put(&both, &login("a2")).await;
    assert_eq!(access(&told).await.as_deref(), Some("a2"));
    // At last the old one goes.
    let new = server.builder().encryption_key(key(2)).build().unwrap();
    assert_eq!(access(&new).await.as_deref(), Some("a2"));

    let mut table = String::new();
    for store in [old, server.store()] {
        let error = store.read(&mona()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt);
        table += &format!("{error}\n");
    }
    let plain = server.builder().key_prefix("plain").build().unwrap();
    put(&plain, &login("a3")).await;
    let encrypted = server.builder().key_prefix("plain").encryption_key(key(1)).build().unwrap();
    table += &format!("{}\n", encrypted.read(&mona()).await.unwrap_err());
    insta::assert_snapshot!(table);
}
