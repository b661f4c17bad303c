//! The scenarios, each with a login of its own.

use super::scene::{FAILS, LOST, Scene, both, must, settle, token, until_stopped, vanished};
use super::{Call, Fault};
use crate::credentials::Credentials as _;
use crate::error::CredentialsErrorKind as Kind;
use crate::jwt::{Removal, Revocation};
use crate::store::{EndReason, Status, StoreErrorKind, TokenStore};

pub(super) async fn one_refreshes_for_all<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::new(open).await;
    let (one, two) = (scene.process().0, scene.process().0);
    let (first, second) = both(token(&one), token(&two)).await;
    assert_eq!(must(first, "a token"), "a0-1");
    assert_eq!(must(second, "a token"), "a0-1");
    scene.assert_presented(&["r0-0"]);
    scene.assert_stored("a0-1").await;
}

pub(super) async fn without_an_intent_nothing_is_spent<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    store.plan(Call::Lease, FAILS);
    let error = token(&one).await.err().map(|error| error.kind());
    assert_eq!(error, Some(Kind::Store), "a store that cannot be written is told");
    scene.assert_presented(&[]);
    let (two, store) = scene.process();
    store.plan(Call::Read, FAILS);
    let error = token(&two).await.err().map(|error| error.kind());
    assert_eq!(error, Some(Kind::Store), "a store that cannot be read is told");
    scene.assert_presented(&[]);
    assert_eq!(must(token(&scene.process().0).await, "a token"), "a0-1");
    scene.assert_presented(&["r0-0"]);
}

pub(super) async fn a_successor_is_stored_after_writes_that_failed<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    for _ in 0..3 {
        store.plan(Call::Save, FAILS);
    }
    assert_eq!(must(token(&one).await, "the successor is in use"), "a0-1");
    let status = one.watch().status();
    assert!(status.unsaved, "what is not stored can be seen");
    let error = status.last_store_error.map(|error| error.kind());
    assert_eq!(error, Some(StoreErrorKind::Unavailable), "and why");
    settle(&one).await;
    assert!(store.all_happened());
    scene.assert_stored("a0-1").await;
    scene.assert_presented(&["r0-0"]);
}

pub(super) async fn a_successor_is_stored_although_the_caller_has_gone<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    let (gate, call) = until_stopped(&store, Call::Save, Fault::Waits, token(&one)).await;
    drop(call);
    gate.open();
    settle(&one).await;
    scene.assert_stored("a0-1").await;
    scene.assert_presented(&["r0-0"]);
}

pub(super) async fn a_write_whose_answer_was_lost_is_known<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    store.plan(Call::Lease, LOST);
    store.plan(Call::Save, LOST);
    assert_eq!(must(token(&one).await, "a token"), "a0-1");
    assert!(store.all_happened() && !one.watch().status().unsaved, "both writes are known as one's own");
    scene.assert_stored("a0-1").await;
    scene.assert_presented(&["r0-0"]);
}

pub(super) async fn who_was_stopped_before_its_intent_uses_what_is_there<S: TokenStore>(
    open: &impl Fn() -> S,
) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    let (gate, call) = until_stopped(&store, Call::Lease, Fault::Waits, token(&one)).await;
    assert_eq!(must(token(&scene.process().0).await, "it has no lease yet"), "a0-1");
    gate.open();
    assert_eq!(must(call.await, "a token"), "a0-1");
    scene.assert_presented(&["r0-0"]);
}

pub(super) async fn who_was_stopped_with_its_intent_is_overtaken<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    let (gate, call) = until_stopped(&store, Call::Lease, Fault::AnswersLate, token(&one)).await;
    let two = scene.process().0;
    assert_eq!(must(token(&two).await, "a lease ends"), "a0-1");
    assert_eq!(two.counters().takeovers, 1, "it was overtaken");
    gate.open();
    assert_eq!(must(call.await, "a token"), "a0-1");
    scene.assert_presented(&["r0-0"]);
}

pub(super) async fn a_lease_of_somebody_who_vanished_is_taken_over<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::with(open, vanished).await;
    let (one, two) = (scene.process().0, scene.process().0);
    let (first, second) = both(token(&one), token(&two)).await;
    assert_eq!(must(first, "a lease ends"), "a0-1");
    assert_eq!(must(second, "a lease ends"), "a0-1");
    scene.assert_presented(&["r0-0"]);
    let record = scene.record().await;
    assert!(record.fence > 7 && record.lease.is_none() && !record.is_unsettled(), "nothing is left open");
}

pub(super) async fn who_died_before_its_save_is_followed_by_a_login<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    let (_closed, _call) = until_stopped(&store, Call::Save, Fault::Waits, token(&one)).await;
    store.kill();
    // Its token may have been spent, so the password is better.
    assert_eq!(must(token(&scene.process_with_password().0).await, "a lease ends"), "a1-0");
    scene.assert_presented(&["r0-0"]);
    scene.assert_stored("a1-0").await;
}

pub(super) async fn a_login_meanwhile_is_the_session<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    let (gate, call) = until_stopped(&store, Call::Save, Fault::Waits, token(&one)).await;
    must(scene.process_with_password().0.login().await, "a login waits for nobody");
    gate.open();
    assert_eq!(must(call.await, "a token"), "a1-0", "what is there is used");
    scene.server.logouts(1).await;
    assert_eq!(scene.server.over(), [true, false], "the former session is given up");
    scene.assert_presented(&["r0-0"]);
}

pub(super) async fn a_logout_is_final<S: TokenStore>(open: &impl Fn() -> S) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    let (two, _) = scene.process_with_password();
    must(token(&one).await, "a token");
    must(token(&two).await, "a token");
    store.plan(Call::End, LOST);
    let outcome = one.logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Ended)),
        "a write whose answer was lost is known: {outcome:?}"
    );
    if let Some(authorization) = two.ready(&crate::credentials::AuthContext::new(two.origin().clone())) {
        let _ = two.rejected(authorization.generation());
    }
    let error = token(&two).await.err().map(|error| error.kind());
    assert_eq!(error, Some(Kind::SessionExpired), "nobody logs in by itself after a logout");
    assert_eq!(scene.server.logins(), 0);
    let status = scene.record().await.status;
    assert!(matches!(status, Status::Ended { reason: EndReason::LoggedOut, .. }), "{status:?}");
    assert_eq!(must(token(&scene.process_with_password().0).await, "who starts afterwards may"), "a1-0");
}

pub(super) async fn a_logout_that_cannot_be_stored_is_told_to_the_server<S: TokenStore>(
    open: &impl Fn() -> S,
) {
    let scene = Scene::new(open).await;
    let (one, store) = scene.process();
    store.plan(Call::End, FAILS);
    let outcome = one.logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Failed(_))),
        "{outcome:?}"
    );
    assert_eq!(scene.server.over(), [true]);
    scene.assert_presented(&[]);
}
