//! The figures.

use std::collections::BTreeMap;
use std::fmt;

use crate::point::{POINTS, Plan, Point, plans};
use crate::proof::Proof;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) accidents: BTreeMap<Plan, usize>,
    pub(crate) lost: BTreeMap<(Option<Plan>, Proof), usize>,
    /// Losses without a proof, and refusals that no rule allows.
    pub(crate) broken: Vec<String>,
    pub(crate) refreshes: usize,
    pub(crate) sessions: usize,
    /// How often the store was read, always with success.
    pub(crate) reads: usize,
    /// How often a flight ended before it came to the point, and was begun anew.
    pub(crate) missed: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        for (plan, count) in other.accidents {
            *self.accidents.entry(plan).or_default() += count;
        }
        for (loss, count) in other.lost {
            *self.lost.entry(loss).or_default() += count;
        }
        self.broken.extend(other.broken);
        self.refreshes += other.refreshes;
        self.sessions += other.sessions;
        self.reads += other.reads;
        self.missed += other.missed;
    }

    fn at(&self, point: Point) -> usize {
        self.accidents.iter().filter(|(plan, _)| plan.point == Some(point)).map(|(_, count)| count).sum()
    }

    pub(crate) fn assert_rules(&self, accidents: usize) {
        assert!(self.broken.is_empty(), "{:#?}", self.broken);
        assert_eq!(self.accidents.values().sum::<usize>(), accidents);
        if accidents >= plans().len() {
            assert_eq!(self.accidents.len(), plans().len());
        }
        if accidents >= 1000 {
            assert!(POINTS.iter().all(|point| self.at(*point) >= 20));
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<20}", "accidents")?;
        for point in POINTS {
            write!(f, "{point:>15}")?;
        }
        writeln!(f, "{:>15}", "anywhere")?;
        let mut kinds: Vec<_> = self.accidents.keys().map(|plan| plan.kind).collect();
        kinds.dedup();
        for kind in kinds {
            write!(f, "{kind:<20}")?;
            for point in POINTS.map(Some).into_iter().chain([None]) {
                let count = self.accidents.get(&Plan { kind, point }).copied().unwrap_or_default();
                write!(f, "{count:>15}")?;
            }
            writeln!(f)?;
        }
        let accidents: usize = self.accidents.values().sum();
        let lost: usize = self.lost.values().sum();
        let Self { refreshes, sessions, reads, missed, .. } = self;
        writeln!(
            f,
            "{accidents} accidents ({missed} begun anew), {refreshes} refreshes, {sessions} sessions, {lost} of them lost"
        )?;
        for ((plan, proof), count) in &self.lost {
            let whom = match plan {
                Some(Plan { kind, point: Some(point) }) => format!("{kind}, {point}"),
                Some(Plan { kind, point: None }) => format!("{kind}, anywhere"),
                None => "no accident".to_owned(),
            };
            let why = match proof {
                Proof::Killed => "was killed before it could save the answer",
                Proof::Stopped => {
                    "stood still before it could save the answer, when its token was presented knowingly"
                }
                Proof::TooLate => "did not get the answer in time",
            };
            writeln!(f, "  {count:>4} lost: {whom}: whoever was given the newest token {why}")?;
        }
        write!(
            f,
            "{} losses without a proof or refusals that the rules do not allow; the store was read {reads} times, and could be",
            self.broken.len()
        )
    }
}
