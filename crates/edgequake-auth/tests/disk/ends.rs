//! What has to be there after a login, and after a logout, that the disk has troubled.

use edgequake_auth::{AuthContext, Credentials as _, EndReason, FileStore, Status};
use edgequake_devserver::{SessionEvent, SessionId};

use crate::bench::{Bench, Found, Run};
use crate::child::{EXCHANGE, REFRESHES};
use crate::dev;

impl Bench {
    /// Each session that the server began is stored, or was in the memory of a process that is gone.
    pub(crate) fn after_login(&self, store: &FileStore, name: &str, run: &Run) -> Result<Found, String> {
        let left = self.left(store, run)?.len();
        let sessions = self.server.ledger().sessions();
        let begun: Vec<_> =
            sessions.iter().filter(|session| session.agent.as_deref() == Some(name)).collect();
        let gone = run.killed || run.unsettled;
        if !gone && begun.len() != run.refreshed {
            return Err(format!("{} sessions were begun, {} were told", begun.len(), run.refreshed));
        }
        if !gone && run.refreshed == 0 && run.failures.len() < REFRESHES {
            return Err("it did not come to an end".to_owned());
        }
        let stored = self.read(store).ok();
        let token = stored.and_then(|record| record.tokens()?.refresh_token.clone());
        let Some(token) = token else {
            return match gone || begun.is_empty() {
                true => Ok(Found { refreshes: begun.len(), lost: !begun.is_empty(), left }),
                false => Err("the login is not stored".to_owned()),
            };
        };
        let stored = self.server.session_of(token.expose());
        if stored.is_none() || stored != begun.last().map(|session| session.id) {
            return Err("another session is stored than was begun last".to_owned());
        }
        let jwt = dev::latest(self.server.addr(), "next", store).timeout(EXCHANGE).build();
        let jwt = jwt.map_err(|error| error.to_string())?;
        let next = self.runtime.block_on(jwt.authorize(&AuthContext::new(jwt.origin().clone())));
        next.map_err(|error| format!("the next process: {error}"))?;
        Ok(Found { refreshes: begun.len(), lost: false, left })
    }

    /// The server has ended the session if anybody could read it, no token was spent for it, and what was told is true.
    pub(crate) fn after_logout(
        &self,
        store: &FileStore,
        session: SessionId,
        run: &Run,
        inject: &str,
    ) -> Result<Found, String> {
        let left = self.left(store, run)?.len();
        let said = |what: &str| run.said.iter().any(|said| said == what);
        let ended = self.count(session, |event| *event == SessionEvent::LoggedOut) > 0;
        let spent = self.count(session, |event| *event == SessionEvent::Refreshed);
        if spent > 0 {
            return Err(format!("{spent} tokens were spent for a logout"));
        }
        let status = self.read(store)?.status;
        let over = matches!(status, Status::Ended { reason: EndReason::LoggedOut, .. });
        if said("ended") && !over {
            return Err(format!("it was told as ended, and is {status:?}"));
        }
        if said("revoked") && !ended {
            return Err("it was told as revoked, and is not".to_owned());
        }
        // With this error a disk says that there is nothing.
        let denied = said("nothing") && inject.contains("ENOENT");
        if said("nobody") && !said("over") && !denied {
            return Err("it was told that there is no session".to_owned());
        }
        if !run.killed && !ended && !denied && run.failures.len() < 2 * REFRESHES {
            return Err(format!("the session lives on: {:?}", run.said));
        }
        // Whoever comes next finds the end, or brings it about.
        let jwt = dev::latest(self.server.addr(), "next", store).timeout(EXCHANGE).build();
        let outcome = self.runtime.block_on(jwt.map_err(|error| error.to_string())?.logout());
        let over = matches!(self.read(store)?.status, Status::Ended { reason: EndReason::LoggedOut, .. });
        match over {
            true => Ok(Found { refreshes: usize::from(ended), lost: false, left }),
            false => Err(format!("the next logout: {outcome:?}")),
        }
    }
}
