//! Where a session stands, for those who watch it.

use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

use super::inner::Inner;
use super::state::State;
use super::watch::SessionPhase;
use crate::clock::Now;

impl Inner {
    /// Where the session stands.
    pub(crate) fn phase(&self) -> SessionPhase {
        phase_of(&self.read().state, self.clock.now())
    }

    /// Tells watchers how things stand.
    pub(crate) fn publish(&self) {
        // Looked at under the lock of the board, so that nobody puts up there what is older.
        self.board.publish(|status| {
            let now = self.clock.now();
            let (access, in_hand) = {
                let core = self.read();
                status.phase = phase_of(&core.state, now);
                let access = core.state.access().map(|access| (access.generation(), access.remaining(now)));
                (access, core.state.given_token().is_some())
            };
            {
                let notes = self.notes();
                let doubted = in_hand && notes.doubted.is_some();
                status.unsettled = doubted || self.unsettled.load(Ordering::Relaxed);
                status.last_failure.clone_from(&notes.last_failure);
                status.unsaved = !notes.unsaved.is_empty();
                // The warning is forgotten with the first write that works.
                let failing = notes.last_store_error.clone().filter(|_| notes.store_warning.is_some());
                status.last_store_error = failing;
            }
            let wall = UNIX_EPOCH.checked_add(now.wall);
            status.expires_at = access.and_then(|(_, left)| wall?.checked_add(left?));
            status.generation = access.map(|(generation, _)| generation);
        });
    }
}

fn phase_of(state: &State, now: Now) -> SessionPhase {
    match () {
        () if state.is_logged_out() => SessionPhase::LoggedOut,
        () if state.goes_on(now) => SessionPhase::Active,
        () if state.is_lost(now) => SessionPhase::Lost,
        () => SessionPhase::Idle,
    }
}
