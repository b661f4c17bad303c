//! [`Program`]: a credential that a program of the user's gives, such as the command line of a password manager.

mod exchange;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use self::exchange::{Order, Request};
use super::static_key::StaticKey;
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
/// After `not-found` a [`Chain`](crate::Chain) goes on to its next source; every other kind of error stops it. All callers wait
/// for one run of the program. Dropping a caller does not end it.
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
    slot: Arc<Mutex<Slot>>,
    /// Held while the program runs.
    running: Arc<tokio::sync::Mutex<()>>,
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
            slot: Arc::default(),
            running: Arc::default(),
        }
    }

    /// Adds an argument. Others on this machine can read it: no secrets.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        Arc::make_mut(&mut self.order).arguments.push(argument.into());
        self
    }

    /// How long a run may take, before the program is killed: 30 seconds by default. People who are asked something need time.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        Arc::make_mut(&mut self.order).limit = limit;
        self
    }

    /// Sends the token in another header.
    #[must_use]
    pub fn carrier(mut self, carrier: Carrier) -> Self {
        self.carrier = carrier;
        self
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the program and keeps what it gives. Blocks.
    fn run(&self, origin: &str) -> Result<Authorization, CredentialsError> {
        let refused = self.slot().refused;
        let given = self.order.run(&Request::new(origin, refused))?;
        let field = format!("the token of {}", self.order);
        let new = StaticKey::from_field(&field, given.token.expose())?.carrier(self.carrier);
        let mut slot = self.slot();
        slot.until = given.until;
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
    fn ready(&self, _: &AuthContext) -> Option<Authorization> {
        self.slot().usable()
    }

    /// # Errors
    ///
    /// [`NotConfigured`](crate::CredentialsErrorKind::NotConfigured) when the program has nothing for this server;
    /// [`Invalid`](crate::CredentialsErrorKind::Invalid) when it cannot be started, fails, or does not answer as it should;
    /// [`TimedOut`](crate::CredentialsErrorKind::TimedOut) when it takes too long.
    async fn authorize(&self, cx: &AuthContext) -> Result<Authorization, CredentialsError> {
        let running = Arc::clone(&self.running).lock_owned().await;
        if let Some(authorization) = self.slot().usable() {
            return Ok(authorization);
        }
        let (program, origin) = (self.clone(), cx.origin().to_string());
        crate::blocking::run("the credential program", move || {
            // Until the program has ended, also when nobody waits for it any more.
            let _running = running;
            program.run(&origin)
        })
        .await?
    }

    fn rejected(&self, used: Generation) -> Recourse {
        let mut slot = self.slot();
        match &slot.key {
            Some(key) if key.authorization().generation() == used => {
                slot.refused = true;
                Recourse::Retry
            }
            Some(key) if used != Generation::NONE && used < key.authorization().generation() => {
                Recourse::Retry
            }
            _ => Recourse::None,
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
