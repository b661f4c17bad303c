//! Faults: each happens to whoever comes to its point first, lasts for a while, and is put right.

use std::sync::atomic::Ordering;
use std::time::Duration;

use edgequake_devserver::DevServer;
use tokio::time::Instant;

use crate::limits::{FAULT, LONG, SHORT, STEP};
use crate::point::{Kind, Plan, Point};
use crate::process::Arrival;
use crate::relay::Mode;
use crate::world::World;

impl World {
    /// Lets something happen to whoever comes to the point first. `false` if nobody came.
    pub(crate) async fn inject(&mut self, plan: Plan, random: &mut fastrand::Rng) -> bool {
        // At least two go on.
        while self.free().len() <= 2 {
            self.attend(None).await;
            self.tick().await;
        }
        if plan.point == Point::AfterSend {
            self.armed.store(true, Ordering::Release);
        } else {
            self.tell_free(&format!("arm {}", plan.point)).await;
        }
        let patience = Instant::now() + Duration::from_secs(6);
        let mut nudged = Instant::now();
        let mut hit = false;
        while !hit && Instant::now() < patience {
            if Instant::now() >= nudged {
                let free = self.free();
                if let Some(slot) = free.get(random.usize(..free.len().max(1))) {
                    self.slots[*slot].process.tell("refresh").await;
                }
                nudged += Duration::from_millis(400);
            }
            hit = self.attend(Some(plan)).await;
            if !hit {
                self.tick().await;
            }
        }
        self.armed.store(false, Ordering::Release);
        self.tell_free("disarm").await;
        hit
    }

    /// Sees to all who wait. The first of them that comes to the point of the plan has its fault.
    pub(crate) async fn attend(&mut self, plan: Option<Plan>) -> bool {
        let mut hit = false;
        while let Ok(arrival) = self.arrivals.try_recv() {
            hit |= self.arrived(arrival, plan.filter(|_| !hit)).await;
        }
        hit
    }

    /// A process waits at a point: its fault happens, or it goes on.
    async fn arrived(&mut self, arrival: Arrival, plan: Option<Plan>) -> bool {
        let Arrival { number, point, release } = arrival;
        let found = self.slots.iter().position(|slot| slot.process.number == number);
        let Some(slot) = found else { return false };
        let plan = plan.filter(|plan| plan.point == point && self.slots[slot].busy.is_none());
        if let Some(plan) = plan {
            self.begin(slot, plan.kind).await;
        }
        match release {
            Some(release) => drop(release.send(())),
            None => self.slots[slot].process.tell("go").await,
        }
        if plan.is_some_and(|plan| plan.kind == Kind::Killed) {
            self.replace(slot);
        }
        plan.is_some()
    }

    async fn begin(&mut self, slot: usize, kind: Kind) {
        let log = self.log.clone();
        let at = &mut self.slots[slot];
        log.fault(at.process.number, kind);
        match kind {
            Kind::Killed => at.process.kill().await,
            Kind::StoppedShortly | Kind::StoppedLong => at.process.stop().await,
            Kind::ClockAhead => at.faketime.as_ref().unwrap().set(STEP),
            Kind::ClockBehind => at.faketime.as_ref().unwrap().set(-STEP),
            Kind::ServerSilent | Kind::ServerCut | Kind::ServerSlow => at.server.set(Mode::of(kind)),
            Kind::StoreSilent | Kind::StoreCut | Kind::StoreSlow => {
                at.store.as_ref().unwrap().set(Mode::of(kind));
            }
        }
        let lasts = match kind {
            Kind::StoppedShortly => SHORT,
            Kind::StoppedLong => LONG,
            _ => FAULT,
        };
        (at.busy, at.fault) = (Some(Instant::now() + lasts), Some(kind));
    }

    /// A moment passes: faults end, and whoever waits for nothing goes on. Where a session is lost, somebody logs in.
    pub(crate) async fn tick(&mut self) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let now = Instant::now();
        for at in &mut self.slots {
            if at.busy.is_none_or(|until| now < until) {
                continue;
            }
            match at.fault.take() {
                Some(Kind::StoppedShortly | Kind::StoppedLong) => at.process.resume(),
                Some(Kind::ClockAhead | Kind::ClockBehind) => at.faketime.as_ref().unwrap().set(0),
                _ => {
                    at.server.set(Mode::Pass);
                    if let Some(store) = &at.store {
                        store.set(Mode::Pass);
                    }
                }
            }
            at.busy = None;
            self.log.over(at.process.number);
        }
        self.log_in_if_lost().await;
    }

    /// Nothing new happens until there have been so many refreshes.
    pub(crate) async fn calm(&mut self, refreshes: u64) {
        let all = |server: &DevServer| -> u64 {
            server.ledger().sessions().iter().map(|session| session.refreshes).sum()
        };
        let (until, patience) = (all(&self.server) + refreshes, self.log.now() + Duration::from_secs(6));
        while all(&self.server) < until && self.log.now() < patience {
            self.attend(None).await;
            self.tick().await;
        }
    }

    /// Waits until no process has a fault, and lets whoever has come to a point go on.
    pub(crate) async fn rest(&mut self) {
        while self.free().len() < self.slots.len() || self.logging_in.is_some() {
            self.attend(None).await;
            self.tick().await;
        }
        self.attend(None).await;
    }
}
