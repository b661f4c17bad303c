//! Logins, logouts and the end of the program, asked for while something else is under way.

use super::broken::{secs, stored};
use super::rig::{Fault, PASSWORD, Rig, USER, cx};
use crate::{Credentials, CredentialsErrorKind as Kind, MemoryStore};

#[tokio::test(start_paused = true)]
async fn settling_waits_for_a_logout_that_has_not_begun() {
    // Both wait for a refresh that is under way, and either is first when it ends.
    for settles_first in [false, true] {
        let (rig, store) = (Rig::default(), MemoryStore::new());
        let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
        jwt.authorize(&cx()).await.unwrap();
        rig.fail([Fault::Held, Fault::Held]);
        let refreshing = tokio::spawn({
            let jwt = jwt.clone();
            async move { jwt.refresh_now().await }
        });
        rig.arrival("/refresh").await;
        let settle = || {
            let jwt = jwt.clone();
            tokio::spawn(async move { jwt.settle(secs(60)).await })
        };
        let log_out = || {
            let jwt = jwt.clone();
            tokio::spawn(async move { jwt.logout().await })
        };
        let wait = async || {
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
        };
        let (settling, leaving) = if settles_first {
            let settling = settle();
            wait().await;
            (settling, log_out())
        } else {
            let leaving = log_out();
            wait().await;
            (settle(), leaving)
        };
        wait().await;
        rig.release.notify_one();
        rig.arrival("/logout").await;
        wait().await;
        assert!(!settling.is_finished(), "nobody has answered the logout; {settles_first}");
        rig.release.notify_one();
        assert!(settling.await.unwrap());
        assert_eq!((rig.count("/logout"), stored(&store).await), (1, None), "{settles_first}");
        assert!(leaving.await.unwrap().is_complete());
        assert!(refreshing.await.unwrap().is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_logout_that_was_asked_for_during_a_login_ends_what_it_began() {
    for waits_in_line in [false, true] {
        let (rig, store) = (Rig::default(), MemoryStore::new());
        let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
        if waits_in_line {
            jwt.authorize(&cx()).await.unwrap();
        }
        rig.fail([Fault::Held]);
        let under_way = waits_in_line.then(|| {
            let jwt = jwt.clone();
            tokio::spawn(async move { jwt.refresh_now().await })
        });
        if waits_in_line {
            rig.arrival("/refresh").await;
        }
        let logging_in = tokio::spawn({
            let jwt = jwt.clone();
            async move { jwt.login().await }
        });
        if waits_in_line {
            tokio::task::yield_now().await;
        } else {
            rig.arrival("/login").await;
        }
        let leaving = tokio::spawn({
            let jwt = jwt.clone();
            async move { jwt.logout().await }
        });
        tokio::task::yield_now().await;
        rig.release.notify_one();
        let mut shown = Vec::new();
        while !leaving.is_finished() {
            shown.extend(jwt.ready(&cx()));
            tokio::task::yield_now().await;
        }
        assert!(shown.is_empty(), "nobody gets a token from the logout on");
        assert!(leaving.await.unwrap().is_complete());
        assert_eq!(logging_in.await.unwrap().unwrap_err().kind(), Kind::SessionExpired);
        drop(under_way);
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
        assert_eq!(stored(&store).await, None);
        // And one that is asked for after the logout begins a session, however far that is.
        rig.fail([Fault::Held]);
        let leaving = tokio::spawn({
            let jwt = jwt.clone();
            async move { jwt.logout().await }
        });
        let again = tokio::spawn({
            let jwt = jwt.clone();
            async move { jwt.login().await }
        });
        tokio::task::yield_now().await;
        rig.release.notify_one();
        let _ = leaving.await.unwrap();
        again.await.unwrap().unwrap();
        jwt.authorize(&cx()).await.unwrap();
    }
}
