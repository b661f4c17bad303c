//! What must hold in every state.

use stateright::Property;

use super::share::{Share, Without, token_of};
use super::world::{At, World};
use crate::store::Status;

/// The server sees a token of the session that is stored, and that can still go on, twice only if one of those who showed it was
/// stopped between its check and the server's work for longer than its lease, or knew that it might have been shown before.
pub(super) const NO_REUSE_WITHOUT_CAUSE: &str = "no reuse without cause";
/// No two processes exchange one token at once while their leases last.
pub(super) const NO_TWO_AT_ONCE: &str = "no two at once";
/// A token in the store that is not marked as unknown, and that nobody is exchanging, works.
pub(super) const WHAT_LOOKS_GOOD_IS_GOOD: &str = "what looks good is good";
/// A token of unknown state is not sent while there is a good access token.
pub(super) const UNKNOWN_TOKENS_REST: &str = "unknown tokens rest while access is good";
/// A process that sends a token again, without having heard of it before, says that it may be spent.
pub(super) const WHAT_IS_SENT_AGAIN_IS_MARKED: &str = "what is sent again is marked";
/// Nobody waits who can load a good token.
pub(super) const NOBODY_WAITS_WITH_A_GOOD_TOKEN: &str = "nobody waits with a good token";
/// An access token that the server has refused is not taken from the store again.
pub(super) const WHAT_WAS_REFUSED_IS_RENEWED: &str = "what was refused is renewed";
/// A session that was logged out never comes back, and nobody who had it logs in by itself.
pub(super) const A_LOGOUT_IS_FINAL: &str = "a logout is final";
/// Nobody who lives is done with a successor before it is stored, unless its session is over, or a login took the place of its
/// session.
pub(super) const SUCCESSORS_ARE_SAVED: &str = "successors are saved";

pub(super) fn all() -> Vec<Property<Share>> {
    vec![
        Property::always(NO_REUSE_WITHOUT_CAUSE, |_, world: &World| !world.seen.reused),
        Property::always(WHAT_LOOKS_GOOD_IS_GOOD, |share: &Share, world: &World| {
            what_looks_good_is_good(world, share.without == Some(Without::Intent))
        }),
        Property::always(NO_TWO_AT_ONCE, |_, world: &World| !world.seen.two_at_once),
        Property::always(UNKNOWN_TOKENS_REST, |_, world: &World| !world.seen.unknown_sent_early),
        Property::always(WHAT_IS_SENT_AGAIN_IS_MARKED, |_, world: &World| !world.seen.sent_again_unmarked),
        Property::always(NOBODY_WAITS_WITH_A_GOOD_TOKEN, |_, world: &World| {
            !world.seen.waited_with_good_token
        }),
        Property::always(WHAT_WAS_REFUSED_IS_RENEWED, |_, world: &World| !world.seen.adopted_refused),
        Property::always(A_LOGOUT_IS_FINAL, |_, world: &World| {
            let record = world.record.as_deref();
            let active = record.filter(|record| record.tokens().is_some()).map(|record| record.session);
            let back = active.is_some() && active == world.logged_out;
            !back && !world.seen.logged_in_after_logout
        }),
        Property::always(SUCCESSORS_ARE_SAVED, |_, world: &World| {
            let mut done = world.holders.iter().filter(|holder| matches!(holder.at, At::Done | At::Idle));
            done.all(|holder| holder.owes.is_none())
        }),
    ]
}

/// `blind` if nobody looks at intents.
fn what_looks_good_is_good(world: &World, blind: bool) -> bool {
    let Some(record) = world.record.as_deref() else { return true };
    let Status::Active(tokens) = &record.status else { return true };
    let under_way = world.holders.iter().any(|holder| match &holder.at {
        At::Checked(sending)
        | At::Sent(sending, ..)
        | At::Answered(sending, _)
        | At::Saving(sending, ..)
        | At::Settling(sending, ..) => sending.what.version == Some(tokens.version),
        _ => false,
    });
    let works = token_of(tokens).is_some_and(|token| world.server.works(token));
    (record.is_unsettled() && !blind) || under_way || works
}
