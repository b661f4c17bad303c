//! What the quickstart shows itself with: a [`Screen`] with progress bars, and [`Renewals`] of the token as they happen.
//! What it does is in `main.rs`.

mod screen;
mod renewals;

pub use renewals::Renewals;
pub use screen::{Bar, Screen};
