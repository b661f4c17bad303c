//! How the loss of a session is told: once, in every case, and never of a logout of one's own.

use tokio::time::advance;

use super::broken::{secs, share};
use super::rig::{Fault, PASSWORD, Rig, USER, cx, token};
use crate::{
    Credentials, CredentialsErrorKind as Kind, Generation, MemoryStore, SecretFile, SessionPhase, Tokens,
    TransportErrorKind,
};

/// What comes within a second.
async fn next(lost: &mut crate::LostSessions) -> Option<crate::SessionPhase> {
    tokio::time::timeout(secs(1), lost.next()).await.ok().flatten().map(|lost| lost.phase)
}

#[tokio::test(start_paused = true)]
async fn a_logout_of_ones_own_is_no_failure() {
    for under_way in [false, true] {
        let rig = Rig::default();
        let jwt = rig.with_login();
        jwt.authorize(&cx()).await.unwrap();
        let mut lost = jwt.lost_sessions();
        let waiting = under_way.then(|| {
            rig.fail([Fault::Held]);
            let jwt = jwt.clone();
            tokio::spawn(async move { jwt.refresh_now().await })
        });
        if under_way {
            rig.arrival("/refresh").await;
        }
        let leaving = tokio::spawn({
            let jwt = jwt.clone();
            async move { jwt.logout().await }
        });
        tokio::task::yield_now().await;
        rig.release.notify_one();
        assert!(leaving.await.unwrap().is_complete());
        if let Some(waiting) = waiting {
            assert_eq!(waiting.await.unwrap().unwrap_err().kind(), Kind::SessionExpired);
        }
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
        let status = jwt.watch().status();
        assert_eq!(status.phase, crate::SessionPhase::LoggedOut);
        assert!(status.last_failure.is_none() && jwt.counters().failures.is_empty(), "{under_way}");
        assert_eq!(next(&mut lost).await, None, "{under_way}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_lost_once() {
    use crate::SessionPhase::Lost;
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let jwt = share(&rig, &store);
    let mut lost = jwt.lost_sessions();
    for dead in ["r0", "r9"] {
        super::broken::put(&store, "a0", Some(dead), super::broken::past()).await;
        for _ in 0..3 {
            assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
            advance(secs(61)).await;
        }
        assert_eq!((next(&mut lost).await, next(&mut lost).await), (Some(Lost), None));
        // Somebody logs in, and the next one can be lost again.
        super::broken::put(&store, "good", None, None).await;
        let found = jwt.authorize(&cx()).await.unwrap();
        assert_eq!(token(&found), "good");
        assert_eq!(jwt.rejected(found.generation()), crate::Recourse::Retry);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_lost_also_if_the_password_that_is_held_is_not_taken_any_more() {
    use crate::SessionPhase::{Active, Lost};
    for (status, answer, kind) in
        [(401, "", Kind::Refused), (403, "", Kind::Inactive), (423, "", Kind::Locked)]
    {
        for early in [false, true] {
            let rig = Rig::default();
            let jwt = rig.with_login();
            let mut lost = jwt.lost_sessions();
            jwt.authorize(&cx()).await.unwrap();
            advance(secs(if early { 3500 } else { 3601 })).await;
            // One that fails for another reason loses nothing.
            rig.fail([Fault::Transport(crate::TransportErrorKind::NotSent)]);
            assert!(jwt.refresh_now().await.is_err());
            assert_eq!(next(&mut lost).await, None);
            rig.fail([Fault::Answer(401, ""), Fault::Answer(status, answer)]);
            assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), kind);
            assert_eq!((next(&mut lost).await, next(&mut lost).await), (Some(Lost), None), "{status}");
            assert_eq!(jwt.watch().status().phase, if early { Active } else { Lost });
            assert!(early || jwt.authorize(&cx()).await.is_err());
            assert_eq!(next(&mut lost).await, None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_lost_also_if_the_password_in_the_file_is_not_taken_any_more() {
    let (rig, folder) = (Rig::default(), tempfile::tempdir().unwrap());
    let file = SecretFile::new(folder.path().join("password"));
    std::fs::write(file.path(), PASSWORD).unwrap();
    let jwt = rig.builder().login(USER, file.clone()).build().unwrap();
    let mut lost = jwt.lost_sessions();
    for on_request in [false, true] {
        jwt.authorize(&cx()).await.unwrap();
        advance(secs(3601)).await;
        std::fs::write(file.path(), "s3cr3t-wrong").unwrap();
        rig.fail([Fault::Answer(401, "")]);
        if on_request {
            // What the server says to a login that was asked for counts as well.
            rig.fail([Fault::Transport(TransportErrorKind::NotSent)]);
            assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Unavailable);
            assert_eq!(next(&mut lost).await, None);
            assert_eq!(jwt.watch().status().phase, SessionPhase::Idle);
            assert_eq!(jwt.login().await.unwrap_err().kind(), Kind::Refused);
        }
        for _ in 0..3 {
            assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Refused);
            assert_eq!(jwt.watch().status().phase, SessionPhase::Lost);
            advance(secs(61)).await;
        }
        assert_eq!((next(&mut lost).await, next(&mut lost).await), (Some(SessionPhase::Lost), None));
        // The file is written anew, and nobody knows yet what the server says to that.
        std::fs::write(file.path(), PASSWORD).unwrap();
        rig.fail([Fault::Transport(TransportErrorKind::NotSent)]);
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Unavailable);
        assert_eq!(jwt.watch().status().phase, SessionPhase::Idle);
        advance(secs(61)).await;
        jwt.authorize(&cx()).await.unwrap();
        assert_eq!(jwt.watch().status().phase, SessionPhase::Active);
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_still_be_begun_or_renewed_is_not_shown_as_lost() {
    let not_sent = || Fault::Transport(TransportErrorKind::NotSent);
    let given = Tokens::new("a0").refresh_token("r0").expires_in(secs(60));
    let rig = Rig::default();
    rig.open("r0");
    for (builder, phase) in [
        (rig.builder().refresh_token("r0"), SessionPhase::Idle),
        (rig.builder().tokens(given), SessionPhase::Active),
    ] {
        let jwt = builder.build().unwrap();
        let mut lost = jwt.lost_sessions();
        advance(secs(61)).await;
        let _ = jwt.rejected(Generation::NONE);
        assert_eq!(jwt.watch().status().phase, phase);
        rig.fail([not_sent()]);
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Unavailable);
        assert_eq!(jwt.watch().status().phase, phase);
        assert_eq!(next(&mut lost).await, None);
    }
    // The refresh token is refused, and the password cannot be sent just now.
    let rig = Rig::default();
    let jwt = rig.with_login();
    let mut lost = jwt.lost_sessions();
    jwt.authorize(&cx()).await.unwrap();
    advance(secs(3601)).await;
    rig.fail([Fault::Answer(401, ""), not_sent()]);
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(jwt.watch().status().phase, SessionPhase::Idle);
    assert_eq!(next(&mut lost).await, None);
}
