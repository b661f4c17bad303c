//! What the driver does for the fleet: it logs in where a session is lost, and restarts Redis.

use std::time::Duration;

use edgequake_auth::{StoreErrorKind, TokenStore as _};
use edgequake_devserver::SessionEvent;

use crate::limits::EXCHANGE;
use crate::log::Log;
use crate::world::{Store, World};

/// What came of a restart of Redis without persistence.
#[derive(Debug)]
pub(crate) struct Restart {
    /// From the start of the run.
    pub(crate) at: Duration,
    /// The processes that had read the login before, and so can know that it is gone.
    pub(crate) aware: usize,
    /// Those of them that said so.
    pub(crate) told: usize,
    /// What the rules do not allow.
    pub(crate) broken: Vec<String>,
}

impl World {
    /// As somebody at a terminal would, who does not keep others waiting.
    pub(crate) async fn log_in_if_lost(&mut self) {
        if let Some((since, login)) = self.logging_in.take_if(|(_, login)| login.is_finished()) {
            login.await.unwrap();
            self.without.push((since, self.log.now()));
        }
        if self.logging_in.is_some() {
            return;
        }
        let stored = self.direct.read(&self.key).await;
        let lost = stored.is_ok_and(|stored| stored.is_none_or(|stored| stored.record.tokens().is_none()));
        if lost {
            let end = self.server.ledger().sessions().into_iter().rev().find_map(|session| session.end);
            let since = end.map_or_else(|| self.log.now(), |end| self.log.since(end.entry.at));
            self.log_in(since);
        }
    }

    fn log_in(&mut self, since: Duration) {
        let driver = self.driver.clone();
        self.logins += 1;
        self.logging_in = Some((since, tokio::spawn(async move { drop(driver.login().await.unwrap()) })));
    }

    /// The processes that had read the login by then: others cannot know that it is gone.
    fn aware(&self, by: Duration) -> Vec<usize> {
        let knows = |number: &usize| self.log.lives()[*number].was_served(by);
        self.slots.iter().map(|slot| slot.process.number).filter(knows).collect()
    }

    /// Redis is killed and forgets everything. The fleet says so, presents nothing, and goes on with a new login.
    pub(crate) async fn restart_redis(&mut self) -> Restart {
        self.rest().await;
        // A process that took the place of one that was killed has used it soon.
        let patience = self.log.now() + Duration::from_secs(5);
        while self.aware(self.log.now()).len() < self.slots.len() && self.log.now() < patience {
            self.attend(None).await;
            self.tick().await;
        }
        let at = self.log.now();
        let Store::Redis(redis) = &mut self.store else { unreachable!("there is a Redis") };
        redis.kill().await;
        redis.begin().await;
        let begun = self.log.now();
        let patience = begun + Duration::from_secs(10);
        let aware = self.aware(at);
        let told = |log: &Log| {
            let lives = log.lives();
            aware.iter().filter(|number| lives[**number].went_back.iter().any(|said| *said > at)).count()
        };
        while told(&self.log) < aware.len() && self.log.now() < patience {
            self.tell_free("refresh").await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut broken = Vec::new();
        let told = told(&self.log);
        if told < aware.len() || aware.is_empty() {
            broken.push(format!("{told} of {} processes said that Redis went back", aware.len()));
        }
        match self.direct.read(&self.key).await {
            Err(error) if error.kind() == StoreErrorKind::WentBack => {}
            other => broken.push(format!("Redis forgot the login, and this was read: {other:?}")),
        }
        for entry in self.server.ledger().entries() {
            // What was on its way when Redis ended arrives rightly.
            let late = self.log.since(entry.at) > begun + EXCHANGE;
            if late && matches!(entry.event, SessionEvent::Refreshed) {
                broken.push(format!("a token was presented although Redis went back: {entry:?}"));
            }
        }
        self.log_in(at);
        Restart { at, aware: aware.len(), told, broken }
    }
}
