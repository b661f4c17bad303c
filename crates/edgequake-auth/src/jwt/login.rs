//! A login with the password: where nothing cheaper is left, or since the program asks for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use edgequake_types::Secret;
use edgequake_types::session::User;
use tracing::Instrument as _;

use super::access::Access;
use super::inner::{Inner, Outcome};
use super::notes::{Login, Source};
use super::refresh::cause;
use super::state::{ByLogin, Failure, Plan, Renewed};
use super::wire::Tokens;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::protocol::Urgency;

/// Who wants a login.
pub(super) enum LoginFor {
    /// A flight, with the password held.
    Flight,
    /// The program, with the password held or as somebody else.
    Program(Option<Login>),
}

impl Inner {
    /// The server refused the refresh: the password, if there is one.
    pub(super) async fn after_refusal(
        self: &Arc<Self>,
        plan: &Plan,
        failure: Failure,
    ) -> Result<Option<Renewed>, Failure> {
        let over = failure.ended.is_some() || failure.error.kind() == Kind::Inactive;
        match &plan.login {
            Ok(()) if over => match self.log_in(LoginFor::Flight, cause(plan)).await {
                Ok(renewed) => Ok(Some(renewed)),
                Err(second) => Err(Failure { ended: failure.ended, ..second }),
            },
            Err(Some(error)) if failure.ended.is_some() => Err(Failure { error: error.clone(), ..failure }),
            _ => Err(failure),
        }
    }

    /// The store cannot be used: a session of one's own by the password, if there is one.
    pub(super) async fn log_in_instead(
        self: &Arc<Self>,
        plan: &Plan,
        error: CredentialsError,
    ) -> Result<Option<Renewed>, Failure> {
        match (&plan.login, plan.urgency) {
            (Ok(()), Urgency::Asked | Urgency::Needed) => {
                self.log_in(LoginFor::Flight, cause(plan)).await.map(Some)
            }
            _ => Err(Failure::of(error)),
        }
    }

    /// Starts a login that was asked for, once no other flight is under way.
    pub(crate) async fn login_now(self: &Arc<Self>, other: Option<Login>) -> Outcome {
        // One after the other: what is logged out of is what there was before.
        if self.read().state.is_closing() {
            self.process.logouts.are_over().await;
        }
        let (task, flight, ()) = self
            .begin_when_idle(|state| {
                state.begin_login(self.process.logouts.is_none()).map(|ticket| (ticket, ()))
            })
            .await;
        let ticket = task.ticket;
        self.driver.spawn(async move {
            let held = other.is_none();
            let result = task.inner.log_in(LoginFor::Program(other), "asked").await;
            // Of another password than the one held nothing is remembered.
            let by_login = result.as_ref().err().filter(|_| held).map(|failure| failure.by_login);
            let by_login = by_login.unwrap_or(ByLogin::No);
            let result = result.map_err(|failure| failure.error);
            task.finish(|state, now, jitter| state.settle_login(now, ticket, result, by_login, jitter));
        })?;
        self.wait_for(ticket, &flight).await
    }

    /// A full login. A flight does not send again what the server has refused. `cause` is for those who read logs.
    pub(super) async fn log_in(
        self: &Arc<Self>,
        whom: LoginFor,
        cause: &'static str,
    ) -> Result<Renewed, Failure> {
        let start = self.clock.now();
        tracing::debug!(cause, server = %self.server, "login begun");
        let result = self.exchange_password(whom).instrument(tracing::trace_span!("login", cause)).await;
        let took = self.clock.now().mono.saturating_sub(start.mono);
        match &result {
            Ok(_) => tracing::debug!(cause, ?took, server = %self.server, "logged in"),
            Err(Failure { error, .. }) => {
                tracing::debug!(cause, kind = ?error.kind(), code = error.code(), ?took, server = %self.server, "login failed");
            }
        }
        result
    }

    async fn exchange_password(self: &Arc<Self>, whom: LoginFor) -> Result<Renewed, Failure> {
        let by_flight = matches!(whom, LoginFor::Flight);
        let (login, held) = match whom {
            LoginFor::Program(Some(other)) => (Some(other), false),
            LoginFor::Program(None) | LoginFor::Flight => (self.notes().login.clone(), true),
        };
        let Some(login) = login else {
            let text = "there is no name and password to log in with";
            return Err(Failure::of(CredentialsError::new(Kind::NotConfigured, text)));
        };
        let mut password = login.password.read().await.map_err(Failure::of)?;
        if by_flight && let Some(error) = self.was_refused(&password) {
            return Err(Failure::of(error));
        }
        if held {
            self.note_password(&password);
        }
        let mut answer = self.present_password(&login.identifier, &password).await;
        if login.password.may_change() && is_refusal(&answer) {
            // It may have been replaced just now.
            if let Ok(latest) = login.password.read().await
                && latest != password
            {
                if held {
                    self.note_password(&latest);
                }
                answer = self.present_password(&login.identifier, &latest).await;
                password = latest;
            }
        }
        let kind = if login.password.may_change() { ByLogin::OfFile } else { ByLogin::Yes };
        let by_login =
            |error: CredentialsError| Failure { error: error.during_login(), ended: None, by_login: kind };
        let (tokens, user) = answer.map_err(|error| {
            if held && kind == ByLogin::OfFile && error.kind() == Kind::Refused {
                // Only this one is not sent again.
                let mut notes = self.notes();
                notes.refused = Some((notes.digest(&password), error.clone()));
            }
            by_login(error)
        })?;
        // Before the password is thrown away: an answer without a usable token is no login.
        Access::new(tokens.access_token.clone()).map_err(by_login)?;
        self.counts.logins.fetch_add(1, Ordering::Relaxed);
        let key = self.server.account(login.identifier.clone());
        let unsaved = {
            let mut notes = self.notes();
            notes.user = user;
            notes.account = Some(login.identifier.clone());
            notes.login = self.retain_password.then_some(login);
            notes.refused = None;
            notes.presented = Some(notes.digest(&password));
            notes.take_unsaved(key.account())
        };
        if let Some(unsaved) = unsaved {
            // Its session would live on, and nobody has its newest tokens but we.
            self.revoke_successor(&unsaved.tokens);
        }
        match self.keep(&key, tokens, Source::login(self.clock.now())).await.map_err(by_login)? {
            Some(renewed) => Ok(renewed),
            None => Err(Failure::of(super::state::interrupted())),
        }
    }

    async fn present_password(
        &self,
        identifier: &str,
        password: &Secret,
    ) -> Result<(Tokens, Option<User>), CredentialsError> {
        self.presenting_password.store(true, Ordering::Release);
        let answer = self.wire().login(identifier, password).await;
        self.presenting_password.store(false, Ordering::Release);
        answer
    }

    /// The password that is held is about to be sent. What is known of the one before says nothing about another one.
    fn note_password(&self, password: &Secret) {
        let is_another = {
            let mut notes = self.notes();
            let digest = notes.digest(password);
            notes.presented.replace(digest).is_some_and(|before| before != digest)
        };
        if is_another {
            self.write().state.another_password();
        }
    }

    /// What the server said to this password, when its file held it before.
    fn was_refused(&self, password: &Secret) -> Option<CredentialsError> {
        let notes = self.notes();
        let (refused, error) = notes.refused.as_ref()?;
        (*refused == notes.digest(password)).then(|| error.clone())
    }
}

fn is_refusal<T>(answer: &Result<T, CredentialsError>) -> bool {
    answer.as_ref().is_err_and(|error| error.kind() == Kind::Refused)
}
