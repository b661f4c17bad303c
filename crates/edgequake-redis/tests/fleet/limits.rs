//! How long things take. What others wait for whoever vanished follows from the first two.

use std::time::Duration;

/// The limit of an exchange with the server.
pub(crate) const EXCHANGE: Duration = Duration::from_millis(500);
/// The margin of leases.
pub(crate) const MARGIN: Duration = Duration::from_millis(100);
/// The longest that a holder that vanished delays others: its lease of two exchanges and a margin, the margin of whoever waits,
/// and the exchange that it may have begun at the end, with its margin.
pub(crate) const DELAY: Duration = Duration::from_millis(3 * 500 + 3 * 100);
/// The limit of an operation of the store.
pub(crate) const STORE: Duration = Duration::from_millis(400);
/// The limit of a call: a few delays.
pub(crate) const CALL: Duration = Duration::from_secs(8);

pub(crate) const LIFETIME: Duration = Duration::from_secs(3);
pub(crate) const PROCESSES: usize = 4;
pub(crate) const TASKS: usize = 50;
/// From one call of a task to the next, on average.
pub(crate) const PACE: Duration = Duration::from_secs(1);

/// How long a fault of a relay lasts, or of a clock: less than a token lives, more than an exchange may take.
pub(crate) const FAULT: Duration = Duration::from_millis(1000);
/// Far less than an exchange may take.
pub(crate) const SHORT: Duration = Duration::from_millis(100);
/// More than a lease and the exchange of whoever takes over.
pub(crate) const LONG: Duration = Duration::from_millis(2300);
/// How far a clock is set.
pub(crate) const STEP: i64 = 30;
