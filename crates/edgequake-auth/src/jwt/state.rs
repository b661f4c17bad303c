//! What is held and what to do about it: pure functions of the state and a reading of the clocks.
//!
//! One lock guards this, is held for the length of a function call, and never across an await.

mod pause;
mod request;
mod types;

use std::time::Duration;

use edgequake_types::Secret;

pub(crate) use self::pause::ACCOUNT_PAUSE;
use self::pause::Password;
pub(crate) use self::request::InHand;
pub(crate) use self::types::{By, ByLogin, Decision, Failure, Plan, Renewed, Ticket};
use super::access::Access;
use crate::authorization::{Authorization, Generation};
use crate::clock::Now;
use crate::credentials::Recourse;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::protocol::{Held, Urgency};
use crate::store::EndReason;

/// At most so many refreshes in so much time are forced by refusals. A server that refuses every fresh token costs no more;
/// two honest revocations within seconds are both answered by a refresh.
const FORCED: usize = 3;
const FORCED_SPAN: Duration = Duration::from_secs(60);
/// After a look that found somebody else at it, the early refresh waits so long before the next one.
const SKIP_PAUSE: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// A logout waits for the current flight.
    Closing,
    LoggedOut,
}

/// Everything a session is.
#[derive(Debug)]
pub(crate) struct State {
    phase: Phase,
    access: Option<Access>,
    /// The current access token was refused by the server.
    refused: bool,
    refresh: Option<Secret>,
    /// Which tokens of which session these are, once they are in a record.
    held: Option<Held>,
    password: Password,
    /// A store may hold a session that is not known here.
    stored: bool,
    /// Whether a password is kept once it has been exchanged for tokens.
    retain: bool,
    flight: Option<Ticket>,
    last_ticket: u64,
    /// There has been a session, so that having none now means that it has expired.
    had_session: bool,
    /// Changes whenever another session or a later state of it is taken over.
    version: u64,
    failures: u32,
    /// Whether the server has taken the password before.
    accepted: bool,
    /// How many logins in a row may have counted as attempts, without the server having said what it thinks of the password.
    unanswered: u32,
    /// No flight before this moment of the monotonic clock, and why.
    pause: Option<(Duration, CredentialsError)>,
    /// No early refresh before this moment of the monotonic clock.
    early_after: Duration,
    /// When refusals have forced refreshes lately, on the monotonic clock.
    forced: Vec<Duration>,
    /// The next flight refreshes, however good the token is.
    asked: bool,
}

impl State {
    pub(crate) fn new(stored: bool, password: bool, retain: bool) -> Self {
        Self {
            phase: Phase::Open,
            access: None,
            refused: false,
            refresh: None,
            held: None,
            password: if password { Password::Usable } else { Password::None },
            stored,
            retain,
            flight: None,
            last_ticket: 0,
            had_session: false,
            version: 0,
            failures: 0,
            accepted: false,
            unanswered: 0,
            pause: None,
            early_after: Duration::ZERO,
            forced: Vec::new(),
            asked: false,
        }
    }

    /// Puts a session in before anything else happens.
    pub(crate) fn with_session(mut self, access: Option<Access>, refresh: Option<Secret>) -> Self {
        self.had_session = access.is_some() || refresh.is_some();
        (self.access, self.refresh) = (access, refresh);
        self
    }

    /// What to do for a request now.
    pub(crate) fn decide(&mut self, now: Now) -> Decision {
        if self.phase != Phase::Open {
            return Decision::Fail(logged_out());
        }
        if let Some(access) = self.usable(now) {
            let authorization = access.authorization.clone();
            let renew = access.is_stale(now)
                && self.flight.is_none()
                && now.mono >= self.early_after
                && self.paused(now).is_none()
                && self.obstacle(now).is_none();
            return if renew {
                Decision::UseAndStart(authorization, self.start())
            } else {
                Decision::Use(authorization)
            };
        }
        if let Some(ticket) = self.flight {
            return Decision::Join(ticket);
        }
        if let Some(error) = self.obstacle(now) {
            return Decision::Fail(error);
        }
        match self.paused(now) {
            Some((wait, error)) => Decision::Pause(wait, error.with_retry_after(wait)),
            None => Decision::Start(self.start()),
        }
    }

    /// The current credential, when nothing at all is to be done: the fast path of every request.
    pub(crate) fn fresh(&self, now: Now) -> Option<&Authorization> {
        let access = self.access.as_ref().filter(|_| self.phase == Phase::Open && !self.refused)?;
        (!access.is_stale(now)).then_some(&access.authorization)
    }

    /// The access token, as long as neither a clock nor the server speaks against it.
    pub(crate) fn usable(&self, now: Now) -> Option<&Access> {
        self.access
            .as_ref()
            .filter(|access| self.phase == Phase::Open && !self.refused && !access.is_expired(now))
    }

    fn start(&mut self) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket { id: self.last_ticket, version: self.version };
        self.flight = Some(ticket);
        ticket
    }

    /// Why no flight could succeed; `None` when one could.
    fn obstacle(&self, now: Now) -> Option<CredentialsError> {
        if self.stored || self.refresh.is_some() {
            return None;
        }
        self.password_obstacle(now).err().map(|error| error.unwrap_or_else(|| self.no_session()))
    }

    fn no_session(&self) -> CredentialsError {
        if self.had_session {
            session_expired()
        } else {
            CredentialsError::new(Kind::NotConfigured, "there is no login: log in first")
        }
    }

    /// What the flight that is about to start needs.
    pub(crate) fn plan(&self, now: Now) -> Plan {
        Plan {
            urgency: match self.usable(now) {
                Some(_) if self.asked => Urgency::Asked,
                Some(_) => Urgency::Early,
                None => Urgency::Needed,
            },
            held: self.held,
            refused: self.refused,
            asked: self.asked,
            refresh: self.refresh.clone(),
            login: self.password_obstacle(now),
            had_session: self.had_session,
        }
    }

    /// Takes in the result of a flight, and says what its waiters get. `jitter` is drawn from 0 to 1.
    pub(crate) fn settle(
        &mut self,
        now: Now,
        ticket: Ticket,
        result: Result<Option<Renewed>, Failure>,
        jitter: f64,
    ) -> Result<Authorization, CredentialsError> {
        let current = self.flight == Some(ticket);
        if !self.accepts(ticket) {
            return Err(interrupted());
        }
        if current {
            self.flight = None;
        }
        self.asked = false;
        match result {
            Ok(Some(renewed)) => self.accept(now, renewed, jitter),
            Ok(None) => {
                self.early_after = now.mono.saturating_add(SKIP_PAUSE);
                match self.usable(now) {
                    Some(access) => Ok(access.authorization.clone()),
                    // It has expired meanwhile: whoever waits asks again.
                    None => Err(interrupted()),
                }
            }
            Err(failure) => {
                if current {
                    self.record_failure(now, &failure, jitter);
                }
                Err(failure.error)
            }
        }
    }

    /// Whether the result of a flight would be accepted: not that of one that its waiters gave up, once there is something
    /// newer, such as a logout.
    pub(crate) fn accepts(&self, ticket: Ticket) -> bool {
        self.flight == Some(ticket) || ticket.version == self.version
    }

    fn accept(&mut self, now: Now, renewed: Renewed, jitter: f64) -> Result<Authorization, CredentialsError> {
        let repeated = self.access.as_ref().is_some_and(|old| old.token == renewed.access.token);
        // Renewing it on every request would not help.
        let useless = if repeated || renewed.access.began_stale() {
            let text = "the server issued a token that is already due for renewal";
            Some(CredentialsError::new(Kind::Unexpected, text))
        } else if renewed.access.is_stale(now) {
            // This process was stopped, the store was slow, or a clock was set: the next one will do.
            let text = "the new access token was due for renewal before it could be used";
            Some(CredentialsError::new(Kind::TimedOut, text))
        } else {
            None
        };
        self.failures = 0;
        self.pause = None;
        if let Some(error) = useless {
            self.start_pause(now, error, None, jitter);
        }
        let authorization = renewed.access.authorization.clone();
        self.version += 1;
        self.had_session = true;
        self.access = Some(renewed.access);
        self.held = Some(renewed.held);
        self.refused = false;
        self.early_after = Duration::ZERO;
        if renewed.refresh.is_some() || renewed.by != By::Refresh {
            self.refresh = renewed.refresh;
        }
        if renewed.by == By::Login {
            (self.accepted, self.unanswered) = (true, 0);
            self.password = if self.retain { Password::Usable } else { Password::None };
        }
        if self.phase == Phase::Open { Ok(authorization) } else { Err(logged_out()) }
    }

    fn record_failure(&mut self, now: Now, failure: &Failure, jitter: f64) {
        if failure.ended.is_some() {
            (self.refresh, self.held) = (None, None);
            self.had_session = true;
        }
        if failure.ended == Some(EndReason::LoggedOut) {
            // Somebody has logged out of this session. It does not come back by itself, whatever password there is.
            self.phase = Phase::LoggedOut;
            self.access = None;
        }
        self.record_login_failure(now, failure.by_login, &failure.error);
        self.start_pause(now, failure.error.clone(), failure.error.retry_after(), jitter);
    }

    /// As far as its waiters can tell the flight will never finish; the next caller may start another.
    pub(crate) fn abandon(&mut self, ticket: Ticket) {
        if self.flight == Some(ticket) {
            self.flight = None;
        }
    }

    /// The server refused the access token of this generation.
    pub(crate) fn rejected(&mut self, now: Now, used: Generation) -> Recourse {
        let Some(access) = self.access.as_ref().filter(|_| self.phase == Phase::Open) else {
            return Recourse::None;
        };
        let current = access.generation();
        let has_aged = access.is_stale(now) && !access.began_stale();
        if used == Generation::NONE || used > current {
            return Recourse::None;
        }
        if used < current || self.refused || self.flight.is_some() {
            // Somebody has renewed it, or is about to.
            self.refused |= used == current;
            return Recourse::Retry;
        }
        self.forced.retain(|forced| now.mono < forced.saturating_add(FORCED_SPAN));
        if self.obstacle(now).is_some() {
            return Recourse::None;
        }
        // One that was due for renewal anyway is not a fresh one: servers count in whole seconds, and clocks differ.
        if !has_aged {
            if let Some(oldest) = self.forced.first().filter(|_| self.forced.len() >= FORCED) {
                return Recourse::After(oldest.saturating_add(FORCED_SPAN).saturating_sub(now.mono));
            }
            self.forced.push(now.mono);
        }
        self.refused = true;
        // A pause after a failed early refresh is over: there is no token to fall back on any more.
        self.pause = None;
        Recourse::Retry
    }

    /// The program asks for a refresh: the flight that is under way, or a new one.
    pub(crate) fn ask(&mut self, now: Now) -> Decision {
        if self.phase != Phase::Open {
            return Decision::Fail(logged_out());
        }
        if let Some(ticket) = self.flight {
            return Decision::Join(ticket);
        }
        if let Some(error) = self.obstacle(now) {
            return Decision::Fail(error);
        }
        self.asked = true;
        Decision::Start(self.start())
    }

    /// Whether a logout was asked for that has not begun.
    pub(crate) fn is_closing(&self) -> bool {
        self.phase == Phase::Closing
    }

    /// Whether somebody has logged out, here or elsewhere.
    pub(crate) fn is_logged_out(&self) -> bool {
        self.phase != Phase::Open
    }

    /// Whether there is a session in use: its access token works, or the next one is to be had by its refresh token.
    pub(crate) fn goes_on(&self, now: Now) -> bool {
        let renewable = self.access.is_some() && self.refresh.is_some();
        self.usable(now).is_some() || self.held.is_some() || renewable
    }

    /// Whether nothing at hand begins another session once the access token is over: the refresh token is gone, and the server does
    /// not want the password, if there is one.
    pub(crate) fn is_lost(&self, now: Now) -> bool {
        let unwanted =
            |error: CredentialsError| matches!(error.kind(), Kind::Refused | Kind::Locked | Kind::Inactive);
        let no_password = || {
            self.was_refused_in_file()
                || self.password_obstacle(now).is_err_and(|error| error.is_none_or(unwanted))
        };
        let over = self.had_session && self.held.is_none() && self.refresh.is_none();
        self.phase == Phase::Open && over && no_password()
    }

    pub(crate) fn access(&self) -> Option<&Access> {
        self.access.as_ref()
    }

    /// The refresh token in hand, if it is in no record.
    pub(crate) fn given_token(&self) -> Option<&Secret> {
        self.refresh.as_ref().filter(|_| self.held.is_none())
    }

    pub(crate) fn has_refresh_token(&self) -> bool {
        self.refresh.is_some()
    }
}

pub(crate) fn session_expired() -> CredentialsError {
    CredentialsError::new(Kind::SessionExpired, "the session has expired and cannot be renewed: log in again")
}

pub(crate) fn interrupted() -> CredentialsError {
    CredentialsError::new(Kind::Interrupted, "the refresh was interrupted; try again")
}

pub(crate) fn logged_out() -> CredentialsError {
    CredentialsError::new(Kind::SessionExpired, "logged out: log in again")
}

#[cfg(test)]
mod tests;
