//! What is known of a refresh token, once the record that said so has ended or is gone.

use std::fs;

use tokio::time::advance;

use super::broken::{put, record, secs, server};
use super::rig::{Fault, PASSWORD, Rig, USER, cx, token};
use crate::{
    Credentials, CredentialsErrorKind as Kind, FileStore, Jwt, Status, Swap, TokenStore, Tokens,
    TransportErrorKind,
};

/// A folder of logins that can be removed.
struct Logins(tempfile::TempDir);

impl Logins {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> FileStore {
        FileStore::new(self.0.path().join("logins"))
    }

    fn remove(&self) {
        fs::remove_dir_all(self.store().path()).unwrap();
    }

    /// As another process that logs out.
    async fn end(&self) {
        let (store, key) = (self.store(), server().account(USER));
        let stored = store.read(&key).await.unwrap().unwrap();
        let now = crate::clock::Now { wall: secs(1), mono: secs(1) };
        let crate::protocol::settle::Logout::Write(ended, _) =
            crate::protocol::settle::logout(Some(&stored.record), None, now)
        else {
            panic!("it has not ended")
        };
        let swap = store.compare_and_set(&key, Some(stored.revision), &ended).await.unwrap();
        assert!(matches!(swap, Swap::Done(_)));
    }
}

/// It is not sent while the access token works: when a refresh is asked for, and when one is due early.
async fn rests(jwt: &Jwt, rig: &Rig, access: &str) {
    let sent = rig.count("/refresh");
    assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), Kind::Interrupted);
    advance(secs(3400)).await;
    for _ in 0..5 {
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), access);
        assert!(jwt.settle(secs(10)).await);
        advance(secs(6)).await;
    }
    assert_eq!(rig.count("/refresh"), sent);
}

#[tokio::test(start_paused = true)]
async fn it_rests_also_once_the_login_beside_it_has_ended_or_is_gone() {
    for gone in [false, true] {
        let (rig, logins) = (Rig::default(), Logins::new());
        put(&logins.store(), "old", Some("old-r"), None).await;
        rig.open("r0");
        let run = || {
            let tokens = Tokens::new("a0").refresh_token("r0").expires_in(secs(3600));
            rig.builder().account(USER).tokens(tokens).store(logins.store()).build().unwrap()
        };
        let jwt = run();
        rig.fail([Fault::LostAnswer]);
        assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), Kind::Interrupted);
        if gone {
            logins.remove()
        } else {
            logins.end().await
        }
        if !gone {
            // The record tells others as well.
            assert_eq!(run().refresh_now().await.unwrap_err().kind(), Kind::Interrupted);
        }
        rests(&jwt, &rig, "a0").await;
        // It is the last resort, and what is surely not executed does not make it any better known.
        advance(secs(200)).await;
        for _ in 0..2 {
            rig.fail([Fault::Transport(TransportErrorKind::NotSent)]);
            assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Unavailable);
            assert!(record(&logins.store()).await.unwrap().is_unsettled(), "{gone}");
            advance(secs(61)).await;
        }
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
        assert!(matches!(record(&logins.store()).await.unwrap().status, Status::Ended { .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn it_rests_also_once_the_session_that_it_began_or_belongs_to_is_gone() {
    for by_login in [false, true] {
        let (rig, logins) = (Rig::default(), Logins::new());
        let builder = rig.builder().store(logins.store());
        let jwt = if by_login {
            let jwt = builder.login(USER, PASSWORD).retain_password(false).build().unwrap();
            jwt.authorize(&cx()).await.unwrap();
            jwt
        } else {
            rig.open("r0");
            let tokens = Tokens::new("a0").refresh_token("r0").expires_in(secs(3600));
            builder.account(USER).tokens(tokens).build().unwrap()
        };
        rig.fail([Fault::LostAnswer]);
        assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), Kind::Interrupted);
        logins.remove();
        rests(&jwt, &rig, if by_login { "s3cr3t-a1" } else { "a0" }).await;
    }
}

/// What a program has given that its session began with, and who logged in, is known by the next run.
#[tokio::test(start_paused = true)]
async fn a_session_whose_record_was_removed_goes_on_as_the_one_it_was() {
    for (under_way, by_login) in [(true, false), (true, true), (false, false), (false, true)] {
        let (rig, logins) = (Rig::default(), Logins::new());
        rig.open("r0");
        let run = || {
            let builder = rig.builder().store(logins.store());
            if by_login { builder.account(USER) } else { builder.refresh_token("r0") }.build().unwrap()
        };
        let first = if by_login {
            let login = rig.builder().store(logins.store()).login(USER, PASSWORD).retain_password(false);
            let jwt = login.build().unwrap();
            jwt.authorize(&cx()).await.unwrap();
            jwt
        } else {
            run()
        };
        if !under_way {
            first.authorize(&cx()).await.unwrap();
            logins.remove();
        }
        rig.fail([Fault::Held]);
        let waiting = tokio::spawn({
            let jwt = first.clone();
            async move { jwt.refresh_now().await }
        });
        let sent = rig.count("/refresh");
        while rig.count("/refresh") == sent {
            rig.arrived.notified().await;
        }
        if under_way {
            logins.remove();
        }
        rig.release.notify_one();
        waiting.await.unwrap().unwrap();
        let (sent, latest) = (rig.count("/refresh"), first.token().await.unwrap().token);
        let next = run();
        assert_eq!(token(&next.authorize(&cx()).await.unwrap()), latest.expose());
        assert_eq!(rig.count("/refresh"), sent, "{under_way} {by_login}");
        let user = next.session().unwrap().user.map(|user| user.username);
        assert_eq!(user.as_deref(), by_login.then_some("mona"), "{under_way}");
    }
}
