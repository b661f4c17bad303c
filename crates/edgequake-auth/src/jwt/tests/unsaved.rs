//! What becomes of tokens that could not be stored, or may not be stored for good.

use tokio::time::advance;

use super::broken::{Broken, pair, past, put, secs, stored};
use super::rig::{PASSWORD, Rig, USER, cx, token};
use crate::{Credentials, CredentialsErrorKind as Kind, StoreErrorKind};

#[tokio::test(start_paused = true)]
async fn what_can_be_read_and_may_not_be_durable_is_not_taken_for_stored() {
    let (rig, store) = (Rig::default(), Broken::default());
    put(&store, "a0", Some("r0"), past()).await;
    rig.open("r0");
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    // The lease and the intent.
    store.set(|faults| faults.not_durable = true);
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Store);
    assert!(jwt.watch().status().last_store_error.is_some());
    assert_eq!(rig.count("/refresh"), 0);
    // The successor.
    store.set(|faults| (faults.not_durable, faults.save_not_durable) = (false, true));
    advance(secs(300)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert_eq!(stored(&store).await, pair("s3cr3t-a1", "s3cr3t-r1"));
    assert!(jwt.watch().status().unsaved);
    assert!(!jwt.settle(secs(60)).await);
    assert!(jwt.watch().status().unsaved && jwt.watch().status().last_store_error.is_some());
    let writes = store.faults.lock().unwrap().written.len();
    store.set(|faults| faults.save_not_durable = false);
    assert!(jwt.settle(secs(60)).await);
    assert_eq!(store.faults.lock().unwrap().written.len(), writes + 1);
    assert!(!jwt.watch().status().unsaved && jwt.watch().status().last_store_error.is_none());
    assert_eq!(rig.count("/refresh"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_revokes_what_could_not_be_stored() {
    let (rig, store) = (Rig::default(), Broken::default());
    put(&store, "a0", Some("r0"), past()).await;
    rig.open("r0");
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    store.set(|faults| faults.save = Some(StoreErrorKind::Unavailable));
    jwt.authorize(&cx()).await.unwrap();
    jwt.login().await.unwrap();
    store.set(|faults| faults.save = None);
    assert!(jwt.settle(secs(60)).await);
    let requests = rig.server.lock().unwrap().requests.clone();
    let revoked = requests.iter().filter(|(path, ..)| path.ends_with("/logout"));
    let revoked: Vec<_> = revoked.map(|(_, body, _)| body["refresh_token"].clone()).collect();
    assert_eq!(revoked, ["s3cr3t-r1"]);
    assert_eq!(stored(&store).await, pair("s3cr3t-a2", "s3cr3t-r2"));
}

#[tokio::test(start_paused = true)]
async fn a_logout_revokes_what_could_not_be_stored() {
    let (rig, store) = (Rig::default(), Broken::default());
    put(&store, "a0", Some("r0"), past()).await;
    rig.open("r0");
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    store.set(|faults| faults.save = Some(StoreErrorKind::Unavailable));
    jwt.authorize(&cx()).await.unwrap();
    store.set(|faults| faults.save = None);
    assert!(jwt.logout().await.is_complete());
    let (_, body, _) = rig.server.lock().unwrap().requests.last().cloned().unwrap();
    assert_eq!(body["refresh_token"], "s3cr3t-r1");
    tokio::time::sleep(secs(100)).await;
    assert_eq!(stored(&store).await, None, "nobody writes it afterwards");
}
