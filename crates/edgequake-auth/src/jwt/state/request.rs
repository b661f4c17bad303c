//! Login and logout on request.

use edgequake_types::Secret;

use super::types::Renewed;
use super::{ByLogin, Phase, State, Ticket};
use crate::authorization::Authorization;
use crate::clock::Now;
use crate::error::CredentialsError;
use crate::jwt::access::Access;
use crate::protocol::Held;

/// The access token and the refresh token.
pub(crate) type InHand = (Option<Access>, Option<Secret>, Option<Held>);

impl State {
    /// A login was asked for: it takes the one place for flights, or waits for the flight that holds it.
    /// `logout_is_lost` if a logout was asked for that will not begin any more: its runtime is gone.
    pub(crate) fn begin_login(&mut self, logout_is_lost: bool) -> Result<Ticket, Ticket> {
        if let Some(busy) = self.flight {
            return Err(busy);
        }
        if self.is_closing() && logout_is_lost {
            self.phase = Phase::LoggedOut;
        }
        Ok(self.start())
    }

    /// A requested login has ended. A failure leaves the session as it was; `by_login` tells whether it is what the server says
    /// to the password that is held here.
    pub(crate) fn settle_login(
        &mut self,
        now: Now,
        ticket: Ticket,
        result: Result<Renewed, CredentialsError>,
        by_login: ByLogin,
        jitter: f64,
    ) -> Result<Authorization, CredentialsError> {
        self.abandon(ticket);
        match result {
            Ok(renewed) => {
                // A logout that was asked for meanwhile ends this session as well.
                if self.phase != Phase::Closing {
                    self.phase = Phase::Open;
                }
                self.forced.clear();
                self.accept(now, renewed, jitter)
            }
            Err(error) => {
                self.record_login_failure(now, by_login, &error);
                Err(error)
            }
        }
    }

    /// Nobody gets a token from now on; the tokens are kept until the current flight has ended.
    pub(crate) fn close(&mut self) {
        self.phase = Phase::Closing;
    }

    /// Takes the tokens out, and the place for flights; or names the flight to wait for.
    pub(crate) fn begin_logout(&mut self) -> Result<(Ticket, InHand), Ticket> {
        if let Some(busy) = self.flight {
            return Err(busy);
        }
        let access = self.access.take();
        let refresh = self.refresh.take();
        let held = self.held.take();
        self.phase = Phase::LoggedOut;
        self.refused = false;
        self.version += 1;
        self.pause = None;
        self.failures = 0;
        Ok((self.start(), (access, refresh, held)))
    }
}
