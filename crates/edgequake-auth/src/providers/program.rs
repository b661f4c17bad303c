//! [`Program`]: a credential that a program of the user's gives, such as the command line of a password manager.

mod exchange;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use edgequake_types::Origin;

use self::exchange::{Order, Request};
use super::static_key::StaticKey;
use super::turn::Turn;
use crate::authorization::{Authorization, Carrier, Generation};
use crate::credentials::{AuthContext, Credentials, Recourse};
use crate::error::CredentialsError;

const LIMIT: Duration = Duration::from_secs(30);

/// A credential that a program gives. The model is the protocol of cargo's credential providers.
///
/// The program is started directly, by no shell. Each of the following is a line of JSON; secrets go through the pipes only,
/// never into arguments or the environment, and what the program writes to stderr goes where that of this process goes.
///
/// 1. The program says which versions it speaks: `{"v":[1]}`
/// 2. It is asked on its stdin, which is closed then: `{"v":1,"kind":"get","origin":"https://eq.example.com","refused":false}`.
///    `refused` tells that the server has refused what it gave last.
/// 3. It answers `{"Ok":{"kind":"get","token":"eq_..","cache":"session"}}`, or
///    `{"Err":{"kind":"not-found","message":".."}}`, and ends.
///
/// | `cache` | how long the token is used |
/// |---|---|
/// | `"session"`, or none | until the server refuses it, or this process ends |
/// | `"expires"`, with `expiration` in seconds since 1970 | until then, or until it is refused |
/// | `"never"` | for one request |
///
/// What it gives is kept for each server apart. After `not-found` a [`Chain`](crate::Chain) goes on to its next source; every other
/// kind of error stops it. All callers wait for one run of the program. Dropping a caller does not end it; at its
/// [time limit](Self::time_limit) it is killed, on Unix with all that it has started. For that it runs in a process group of its own,
/// which cannot read from the terminal: a program that has to ask somebody needs a window.
///
/// ```no_run
/// use edgequake_auth::{Chain, Env, Program};
///
/// let program = Program::new("/usr/local/bin/edgequake-pass").arg("--vault").arg("team");
/// let chain = Chain::builder().environment(Env::from_process()).stored_login(program).build();
/// ```
#[derive(Clone)]
pub struct Program {
    order: Arc<Order>,
    carrier: Carrier,
    /// What it gave for each server.
    slots: Arc<Mutex<HashMap<Origin, Slot>>>,
    /// Held while the program runs.
    turn: Turn<Origin>,
}

#[derive(Default)]
struct Slot {
    key: Option<StaticKey>,
    until: Until,
    refused: bool,
}

/// How long a token may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Until {
    /// For the one who asked.
    #[default]
    Now,
    Time(SystemTime),
    Refused,
}

impl Slot {
    fn usable(&self) -> Option<Authorization> {
        let fresh = match self.until {
            Until::Now => false,
            Until::Time(end) => SystemTime::now() < end,
            Until::Refused => true,
        };
        self.key.as_ref().filter(|_| fresh && !self.refused).map(|key| key.authorization().clone())
    }
}

impl Program {
    /// The program at `path`, or of that name in `PATH`. It is not started yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let order = Order { program: path.into(), arguments: Vec::new(), limit: LIMIT };
        Self {
            order: Arc::new(order),
            carrier: Carrier::Bearer,
            slots: Arc::default(),
            turn: Turn::default(),
        }
    }

    /// Adds an argument. Others on this machine can read it: no secrets.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        Arc::make_mut(&mut self.order).arguments.push(argument.into());
        self.anew()
    }

    /// How long a run may take, before the program is killed: 30 seconds by default. People who are asked something need time.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        Arc::make_mut(&mut self.order).limit = limit;
        self.anew()
    }

    /// Sends the token in another header.
    #[must_use]
    pub fn carrier(mut self, carrier: Carrier) -> Self {
        self.carrier = carrier;
        self.anew()
    }

    /// With other options it gives something else, so it shares nothing with what it was cloned from.
    fn anew(mut self) -> Self {
        (self.slots, self.turn) = (Arc::default(), Turn::default());
        self
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Origin, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn usable(&self, cx: &AuthContext) -> Option<Authorization> {
        self.slots().get(cx.origin())?.usable()
    }

    /// Runs the program and keeps what it gives. Blocks.
    fn run(&self, origin: &Origin) -> Result<Authorization, CredentialsError> {
        let refused = self.slots().get(origin).is_some_and(|slot| slot.refused);
        let reply = self.order.run(&Request::new(&origin.to_string(), refused))?;
        let field = format!("the token of {}", self.order);
        let new = StaticKey::from_field(&field, reply.token.expose())?.carrier(self.carrier);
        let mut slots = self.slots();
        let slot = slots.entry(origin.clone()).or_default();
        slot.until = reply.until;
        slot.refused = false;
        match &slot.key {
            // The same token keeps its generation, so that nobody sends it again as another one.
            Some(old) if new.same_key(old) => Ok(old.authorization().clone()),
            _ => {
                let authorization = new.authorization().clone();
                slot.key = Some(new);
                Ok(authorization)
            }
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("program", &self.order.program).finish_non_exhaustive()
    }
}

impl Credentials for Program {
    fn ready(&self, cx: &AuthContext) -> Option<Authorization> {
        self.usable(cx)
    }

    /// # Errors
    ///
    /// [`NotConfigured`](crate::CredentialsErrorKind::NotConfigured) when the program has nothing for this server;
    /// [`Invalid`](crate::CredentialsErrorKind::Invalid) when it cannot be started, fails, or does not answer as it should;
    /// [`TimedOut`](crate::CredentialsErrorKind::TimedOut) when it takes too long.
    async fn authorize(&self, cx: &AuthContext) -> Result<Authorization, CredentialsError> {
        let (mine, failure) = self.turn.wait(cx.origin()).await;
        if let Some(authorization) = self.usable(cx) {
            return Ok(authorization);
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        let (program, origin) = (self.clone(), cx.origin().clone());
        crate::blocking::run("the credential program", move || {
            // Until the program has ended, also when nobody waits for it any more.
            let result = program.run(&origin);
            mine.end(origin, &result);
            result
        })
        .await?
    }

    fn rejected(&self, used: Generation) -> Recourse {
        let mut slots = self.slots();
        let generation = |slot: &Slot| slot.key.as_ref().map(|key| key.authorization().generation());
        if let Some(slot) = slots.values_mut().find(|slot| generation(slot) == Some(used)) {
            slot.refused = true;
            return Recourse::Retry;
        }
        // A generation is of one server: one that is newer here replaced it, or belongs to another, which asking again tells.
        let newer = slots.values().filter_map(generation).any(|known| used < known);
        if used != Generation::NONE && newer { Recourse::Retry } else { Recourse::None }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
