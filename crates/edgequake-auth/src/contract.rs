//! What logins that are shared over a [`TokenStore`] must hold, whatever becomes of the store and of those who
//! share it, for the tests of a store of your own. (Feature `testing`.)
//!
//! [`store::contract`](crate::store::contract) holds a store to its rules, call by call. Here real providers run over it, against a
//! server with single-use refresh tokens, and [`Faulty`] makes its calls fail, lose their answers, pause, and die in the middle.
//!
//! ```
//! use edgequake_auth::{MemoryStore, contract, store};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let store = MemoryStore::new();
//! // `open` gives the store as another process would see it.
//! store::contract::check(|| store.clone()).await;
//! contract::sessions(|| store.clone()).await;
//! # });
//! ```

mod scene;
mod server;
mod scenarios;

use crate::store::TokenStore;

pub use crate::store::contract::{Call, Fault, Faulty, Gate};

/// Lets providers share logins over a store, in twelve scenarios. `open` gives the store anew each time, over the same data, as another
/// process would. Each scenario has a server of its own. It takes some seconds of real time: leases have to end.
///
/// * Of those who need a token at the same time one refreshes, and the others use what it has stored.
/// * Where the store does not take the intent, no token is spent.
/// * A successor that could not be stored is stored later, also if the caller has gone.
/// * A write whose answer was lost is known as one's own.
/// * Whoever is stopped before its intent, or with it, is overtaken once its lease is over; it presents nothing then, and uses what is
///   there. One that was killed holds up others no longer than that.
/// * A login meanwhile is the session from then on; who refreshed the former one gives it up.
/// * A logout is final for whoever had the session, also if its write was lost; if it fails, the server knows of it all the same.
///
/// # Panics
///
/// When a login is lost, or a token is presented twice; the message says where.
pub async fn sessions<S: TokenStore>(open: impl Fn() -> S) {
    scenarios::one_refreshes_for_all(&open).await;
    scenarios::without_an_intent_nothing_is_spent(&open).await;
    scenarios::a_successor_is_stored_after_writes_that_failed(&open).await;
    scenarios::a_successor_is_stored_although_the_caller_has_gone(&open).await;
    scenarios::a_write_whose_answer_was_lost_is_known(&open).await;
    scenarios::who_was_stopped_before_its_intent_uses_what_is_there(&open).await;
    scenarios::a_lease_of_somebody_who_vanished_is_taken_over(&open).await;
    scene::both(
        scenarios::who_was_stopped_with_its_intent_is_overtaken(&open),
        scenarios::who_died_before_its_save_is_followed_by_a_login(&open),
    )
    .await;
    scenarios::a_login_meanwhile_is_the_session(&open).await;
    scenarios::a_logout_is_final(&open).await;
    scenarios::a_logout_that_cannot_be_stored_is_told_to_the_server(&open).await;
}

#[cfg(test)]
mod tests;
