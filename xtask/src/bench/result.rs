//! The result: measures side by side, and budgets that hold or do not.

use serde::Serialize;

use super::program::Cost;

/// All there is to tell.
#[derive(Debug, Default, Serialize)]
pub(super) struct Results {
    measures: Vec<Measure>,
    budgets: Vec<Budget>,
}

/// What one time of something costs.
#[derive(Debug, Serialize)]
struct Measure {
    what: &'static str,
    who: String,
    instructions: f64,
    /// The instructions, over those of the floor.
    ratio: f64,
    /// Not counted in Python.
    allocations: Option<f64>,
    bytes: Option<f64>,
}

/// A figure and its limit; that of another client has none.
#[derive(Debug, Serialize)]
struct Budget {
    what: String,
    found: f64,
    limit: Option<f64>,
    unit: &'static str,
    holds: bool,
}

/// On which side of its limit a figure must be.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    AtMost(f64),
    AtLeast(f64),
    Exactly(f64),
}

impl Results {
    pub(super) fn measure(&mut self, what: &'static str, who: impl Into<String>, cost: Cost, floor: Cost) {
        self.measures.push(Measure {
            what,
            who: who.into(),
            instructions: cost.instructions,
            ratio: cost.instructions / floor.instructions,
            allocations: cost.allocations,
            bytes: cost.bytes,
        });
    }

    pub(super) fn budget(&mut self, what: impl Into<String>, found: f64, limit: Limit, unit: &'static str) {
        let (limit, holds) = match limit {
            Limit::AtMost(most) => (most, found <= most),
            Limit::AtLeast(least) => (least, found >= least),
            #[allow(clippy::float_cmp, reason = "counts")]
            Limit::Exactly(count) => (count, found == count),
        };
        self.budgets.push(Budget { what: what.into(), found, limit: Some(limit), unit, holds });
    }

    /// The figure of somebody else, to stand beside ours.
    pub(super) fn beside(&mut self, who: &str, found: f64, unit: &'static str) {
        self.budgets.push(Budget { what: format!("- {who}"), found, limit: None, unit, holds: true });
    }

    /// The budgets that are missed, each in a line.
    pub(super) fn missed(&self) -> Vec<String> {
        let missed = self.budgets.iter().filter(|budget| !budget.holds);
        missed
            .map(|Budget { what, found, limit, unit, .. }| {
                format!("{what}: {found:.3} {unit}, budget {}", limit.unwrap_or_default())
            })
            .collect()
    }

    /// Everything as one table.
    pub(super) fn table(&self) -> String {
        let mut text = format!(
            "{:<28} {:<28} {:>12} {:>6} {:>8} {:>9}\n",
            "one time of", "by", "instructions", "ratio", "allocs", "bytes"
        );
        for Measure { what, who, instructions, ratio, allocations, bytes } in &self.measures {
            let (allocations, bytes) = (counted(*allocations, 1), counted(*bytes, 0));
            text.push_str(&format!(
                "{what:<28} {who:<28} {instructions:>12.0} {ratio:>6.2} {allocations:>8} {bytes:>9}\n"
            ));
        }
        text.push_str(&format!("\n{:<64} {:>9} {:>9} {}\n", "budget", "found", "limit", "unit"));
        for Budget { what, found, limit, unit, holds } in &self.budgets {
            let verdict = match (limit, holds) {
                (None, _) => "",
                (_, true) => "ok",
                (_, false) => "MISSED",
            };
            let limit = limit.map(|limit| limit.to_string()).unwrap_or_default();
            let line = format!("{what:<64} {found:>9.3} {limit:>9} {unit:<6} {verdict}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

fn counted(count: Option<f64>, decimals: usize) -> String {
    count.map_or_else(|| "-".to_owned(), |count| format!("{count:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_tells_ratios_and_which_budget_is_missed() {
        let cost = |instructions| Cost { instructions, allocations: Some(12.0), bytes: Some(3_400.0) };
        let mut results = Results::default();
        results.measure("a job", "the floor", cost(1_000.0), cost(1_000.0));
        results.measure("a job", "us", cost(1_250.0), cost(1_000.0));
        let uncounted = Cost { allocations: None, bytes: None, ..cost(4_000.0) };
        results.measure("a job", "somebody else", uncounted, cost(1_000.0));
        results.budget("a job, over the floor", 1.25, Limit::AtMost(1.1), "x");
        results.beside("somebody else", 4.0, "x");
        results.budget("speed", 1.25, Limit::AtLeast(1.0), "GB/s");
        assert_eq!(results.missed(), ["a job, over the floor: 1.250 x, budget 1.1"]);
        insta::assert_snapshot!(results.table(), @r"
        one time of                  by                           instructions  ratio   allocs     bytes
        a job                        the floor                            1000   1.00     12.0      3400
        a job                        us                                   1250   1.25     12.0      3400
        a job                        somebody else                        4000   4.00        -         -

        budget                                                               found     limit unit
        a job, over the floor                                                1.250       1.1 x      MISSED
        - somebody else                                                      4.000           x
        speed                                                                1.250         1 GB/s   ok
        ");
    }
}
