//! How long to leave the server alone after a failure.

use std::time::Duration;

use http::StatusCode;

use super::{ByLogin, State};
use crate::clock::Now;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};

/// First pause after a failed refresh; doubles with each failure in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The pause grows no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A server's `Retry-After` is believed up to this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// How long an account is left alone that is locked or inactive: the server's usual lock time.
pub(crate) const ACCOUNT_PAUSE: Duration = Duration::from_secs(15 * 60);
/// The least that is waited for, whatever the server says: each attempt counts.
const SHORTEST_ACCOUNT_PAUSE: Duration = Duration::from_secs(60);

/// How long a password is left alone that the server has never taken, after the first and the second login that may have counted as
/// attempts. After more it is left alone for as long as a lock lasts, so that a wrong one does not lock the account.
const UNANSWERED_PAUSES: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];

/// Whether a login that failed so may have counted as an attempt: it may have arrived, and the server did not say what it thinks of it.
/// The fifth wrong password locks the account (`POST /auth/login`), however long they are apart.
fn may_have_counted(error: &CredentialsError) -> bool {
    match error.kind() {
        Kind::TimedOut | Kind::Interrupted | Kind::Unexpected => true,
        Kind::Unavailable => {
            let sent = error.status().filter(|status| *status != StatusCode::TOO_MANY_REQUESTS);
            sent.is_some() && !error.was_turned_away()
        }
        _ => false,
    }
}

/// What is known about the password, if there is one.
#[derive(Debug, Clone)]
pub(super) enum Password {
    None,
    Usable,
    /// Not to be sent again by itself.
    Refused(CredentialsError),
    /// What its file held was refused. It may hold another by now, so it is looked at again.
    RefusedInFile,
    /// Not to be sent again before this moment of the monotonic clock.
    Paused(Duration, CredentialsError),
}

impl State {
    pub(super) fn password_obstacle(&self, now: Now) -> Result<(), Option<CredentialsError>> {
        match &self.password {
            Password::Usable | Password::RefusedInFile => Ok(()),
            Password::Paused(until, _) if now.mono >= *until => Ok(()),
            Password::Paused(until, error) => {
                Err(Some(error.clone().with_retry_after(until.saturating_sub(now.mono))))
            }
            Password::Refused(error) => Err(Some(error.clone())),
            Password::None => Err(None),
        }
    }

    pub(super) fn paused(&self, now: Now) -> Option<(Duration, CredentialsError)> {
        let (until, error) = self.pause.as_ref()?;
        (now.mono < *until).then(|| (until.saturating_sub(now.mono), error.clone()))
    }

    /// Whether the server refused what the file of the password held last.
    pub(super) fn was_refused_in_file(&self) -> bool {
        matches!(self.password, Password::RefusedInFile)
    }

    /// Another password is about to be sent than the one before: its file was written anew. The server may not take this one.
    pub(crate) fn another_password(&mut self) {
        self.accepted = false;
        if self.was_refused_in_file() {
            self.password = Password::Usable;
        }
    }

    pub(super) fn record_login_failure(&mut self, now: Now, by_login: ByLogin, error: &CredentialsError) {
        if matches!(self.password, Password::None) || by_login == ByLogin::No {
            return;
        }
        match error.kind() {
            Kind::Refused => {
                self.accepted = false;
                self.password = match by_login {
                    ByLogin::OfFile => Password::RefusedInFile,
                    _ => Password::Refused(error.clone()),
                };
            }
            Kind::Locked | Kind::Inactive => {
                let pause = error
                    .retry_after()
                    .unwrap_or(ACCOUNT_PAUSE)
                    .clamp(SHORTEST_ACCOUNT_PAUSE, LONGEST_RETRY_AFTER);
                let until = now.mono.saturating_add(pause);
                self.password = Password::Paused(until, error.clone());
            }
            // One that the server has taken is not wrong, and a login with it clears what was counted.
            _ if may_have_counted(error) && !self.accepted => {
                let pause = UNANSWERED_PAUSES.get(self.unanswered as usize).copied().unwrap_or(ACCOUNT_PAUSE);
                self.unanswered = self.unanswered.saturating_add(1);
                let pause = error.retry_after().unwrap_or_default().clamp(pause, LONGEST_RETRY_AFTER);
                self.password = Password::Paused(now.mono.saturating_add(pause), error.clone());
            }
            _ => {}
        }
    }

    pub(super) fn start_pause(
        &mut self,
        now: Now,
        error: CredentialsError,
        at_least: Option<Duration>,
        jitter: f64,
    ) {
        let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        let pause = doubled.min(LONGEST_PAUSE).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0));
        let pause = pause.max(at_least.unwrap_or_default().min(LONGEST_RETRY_AFTER));
        self.failures = self.failures.saturating_add(1).min(16);
        self.pause = Some((now.mono.saturating_add(pause), error));
    }
}
