//! What must hold in every state.

use stateright::Property;

use super::world::{At, Share, Without, World};
use crate::store::Status;

/// The server sees a token twice only if a process was stopped between its check and the server's work for longer than its
/// lease, or if a token of unknown state was sent knowingly.
pub(super) const NO_REUSE_WITHOUT_CAUSE: &str = "no reuse without cause";
/// No two processes exchange one token at once while their leases last.
pub(super) const NO_TWO_AT_ONCE: &str = "no two at once";
/// A token in the store that is not marked as unknown, and that nobody is exchanging, works.
pub(super) const WHAT_LOOKS_GOOD_IS_GOOD: &str = "what looks good is good";
/// A token of unknown state is not sent while there is a good access token.
pub(super) const UNKNOWN_TOKENS_REST: &str = "unknown tokens rest while access is good";
/// Nobody waits who can load a good token.
pub(super) const NOBODY_WAITS_WITH_A_GOOD_TOKEN: &str = "nobody waits with a good token";
/// A session that was logged out never comes back, and nobody who had it logs in by itself.
pub(super) const A_LOGOUT_IS_FINAL: &str = "a logout is final";
/// A successor that could not be saved is saved, unless it is superseded or its session is over.
pub(super) const SUCCESSORS_ARE_SAVED: &str = "successors are saved";

pub(super) fn all() -> Vec<Property<Share>> {
    vec![
        Property::always(NO_REUSE_WITHOUT_CAUSE, |_: &Share, world: &World| {
            !world.seen.reuse || world.seen.late || world.seen.knowingly
        }),
        Property::always(WHAT_LOOKS_GOOD_IS_GOOD, |share: &Share, world: &World| {
            what_looks_good_is_good(world, share.without == Some(Without::Intent))
        }),
        Property::always(NO_TWO_AT_ONCE, |_, world: &World| !world.seen.two_at_once),
        Property::always(UNKNOWN_TOKENS_REST, |_, world: &World| !world.seen.unknown_sent_early),
        Property::always(NOBODY_WAITS_WITH_A_GOOD_TOKEN, |_, world: &World| {
            !world.seen.waited_with_good_token
        }),
        Property::always(A_LOGOUT_IS_FINAL, |_, world: &World| {
            let back = world.logged_out.is_some_and(|session| {
                world
                    .record
                    .as_ref()
                    .is_some_and(|record| record.session == session && record.tokens().is_some())
            });
            !back && !world.seen.logged_in_after_logout
        }),
        Property::always(SUCCESSORS_ARE_SAVED, |_, world: &World| successors_are_saved(world)),
    ]
}

/// `blind` if nobody looks at intents.
fn what_looks_good_is_good(world: &World, blind: bool) -> bool {
    let Some(record) = &world.record else { return true };
    let Status::Active(tokens) = &record.status else { return true };
    let under_way = world.holders.iter().any(|holder| match &holder.at {
        At::Checked(present) | At::Sent(present, ..) => present.what.version == Some(tokens.version),
        At::Answered(present, _) | At::Saving(present, ..) | At::Settling(present, ..) => {
            present.what.version == Some(tokens.version)
        }
        _ => false,
    });
    (record.is_unsettled() && !blind) || under_way || world.server.works(record.session, tokens)
}

/// Once everybody is at rest, a successor that somebody was given is in the store, unless the server has given up its session.
fn successors_are_saved(world: &World) -> bool {
    let at_rest = world.holders.iter().all(|holder| matches!(holder.at, At::Done | At::Idle));
    let Some(record) = world.record.as_ref().filter(|_| at_rest && world.budget_spent_on_crash == 0) else {
        return true;
    };
    match &record.status {
        Status::Active(tokens) => world.server.works(record.session, tokens) || record.is_unsettled(),
        Status::Ended { .. } => true,
    }
}
