//! What is logged of each login, refresh, logout and step of the store: its start, its end, why, and how long it took.

use super::broken::{Broken, secs, share};
use super::log::Log;
use super::rig::{Fault, PASSWORD, Rig, USER, cx};
use crate::{Credentials, CredentialsErrorKind as Kind, MemoryStore, StoreErrorKind};

/// The lines that `work` logs from `level` up, without times and random numbers.
async fn logged(level: &str, work: impl Future<Output = ()>) -> String {
    let log = Log::default();
    let guard = log.listen();
    work.await;
    drop(guard);
    let text = log.text();
    let levels: &[&str] = if level == "TRACE" { &["DEBUG", "TRACE", "SPAN"] } else { &["DEBUG"] };
    let lines = text.lines().filter(|line| levels.iter().any(|level| line.starts_with(level)));
    let word = |word: &str| match word.split_once('=') {
        Some(("took", _)) => "took=[time]".to_owned(),
        Some(("server" | "origin", _)) => String::new(),
        _ => word.to_owned(),
    };
    let shown = |line: &str| {
        let words = line.split(' ').map(word).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ") + "\n"
    };
    lines.map(shown).collect()
}

#[tokio::test(start_paused = true)]
async fn a_login_is_told_from_start_to_end_also_if_it_is_refused() {
    let rig = Rig::default();
    let jwt = rig.with_login();
    let text = logged("DEBUG", async {
        jwt.login().await.unwrap();
        jwt.login_as(USER, "wrong").await.unwrap_err();
    });
    insta::assert_snapshot!(text.await, @r#"
    DEBUG message=login begun cause="asked"
    DEBUG message=logged in cause="asked" took=[time]
    DEBUG message=login begun cause="asked"
    DEBUG message=login failed cause="asked" kind=Refused code="UNAUTHORIZED" took=[time]
    "#);
    let text = logged("DEBUG", async {
        Rig::default().with_login().authorize(&cx()).await.unwrap();
    });
    insta::assert_snapshot!(text.await, @r#"
    DEBUG message=access token wanted cause="first"
    DEBUG message=login begun cause="first"
    DEBUG message=logged in cause="first" took=[time]
    DEBUG message=access token from a new login cause="first" lifetime_s=3600.0 took=[time]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_tells_why_it_was_begun() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let jwt = share(&rig, &store);
    jwt.authorize(&cx()).await.unwrap();
    let text = logged("DEBUG", async {
        jwt.refresh_now().await.unwrap();
        let _ = jwt.rejected(jwt.ready(&cx()).unwrap().generation());
        jwt.authorize(&cx()).await.unwrap();
        tokio::time::advance(secs(3601)).await;
        rig.fail([Fault::Answer(503, "")]);
        jwt.authorize(&cx()).await.unwrap_err();
    });
    insta::assert_snapshot!(text.await, @r#"
    DEBUG message=access token wanted cause="asked"
    DEBUG message=access token refreshed cause="asked" lifetime_s=3600.0 took=[time]
    DEBUG message=access token wanted cause="refused"
    DEBUG message=access token refreshed cause="refused" lifetime_s=3600.0 took=[time]
    DEBUG message=access token wanted cause="expired"
    DEBUG message=access token not renewed cause="expired" kind=Unavailable took=[time]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_logout_tells_what_became_of_it() {
    let (rig, store) = (Rig::default(), Broken::default());
    let builder = || rig.builder().login(USER, PASSWORD).store(store.clone());
    let text = logged("DEBUG", async {
        // Nothing there yet.
        assert!(rig.builder().store(store.clone()).build().unwrap().logout().await.is_complete());
    });
    insta::assert_snapshot!(text.await, @r#"
    DEBUG message=logout begun cause="asked"
    DEBUG message=there was no session to log out of cause="asked" store=NothingStored revoked=false kind=None took=[time]
    "#);
    let jwt = builder().build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    let text = logged("DEBUG", async { assert!(jwt.logout().await.is_complete()) });
    insta::assert_snapshot!(text.await, @r#"
    DEBUG message=logout begun cause="asked"
    DEBUG message=logged out cause="asked" store=Ended revoked=true kind=None took=[time]
    "#);
    jwt.login().await.unwrap();
    rig.fail([Fault::Answer(503, "")]);
    let text = logged("DEBUG", async { assert!(!jwt.logout().await.is_complete()) });
    insta::assert_snapshot!(text.await, @r#"
    DEBUG message=logout begun cause="asked"
    DEBUG message=logout not complete cause="asked" store=Ended revoked=false kind=Some(Unavailable) took=[time]
    "#);
}

#[tokio::test(start_paused = true)]
async fn each_step_of_the_store_is_told() {
    let (rig, store) = (Rig::default(), Broken::default());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let text = logged("TRACE", async {
        let jwt = rig.builder().store(store.clone()).build().unwrap();
        jwt.authorize(&cx()).await.unwrap();
        store.set(|faults| faults.write = Some(StoreErrorKind::Unavailable));
        assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), Kind::Store);
    });
    insta::assert_snapshot!(text.await, @r#"
    DEBUG message=access token wanted cause="first"
    SPAN renewal cause="first"
    TRACE message=token store asked step="latest"
    TRACE message=latest login looked for found=true took=[time]
    TRACE message=token store asked step="read"
    TRACE message=login record read revision=1 took=[time]
    DEBUG message=access token of another process taken from the store cause="first" lifetime_s=3600.0 took=[time]
    DEBUG message=access token wanted cause="asked"
    SPAN renewal cause="asked"
    TRACE message=token store asked step="read"
    TRACE message=login record read revision=1 took=[time]
    TRACE message=token store asked step="write"
    TRACE message=token store gave an error step="write" kind=Unavailable took=[time]
    TRACE message=token store asked step="read"
    TRACE message=login record read revision=1 took=[time]
    DEBUG message=access token not renewed cause="asked" kind=Store took=[time]
    "#);
}
