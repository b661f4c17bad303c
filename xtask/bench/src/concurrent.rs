//! Many callers at once, each of whom reads a page of 20 documents: the processor time of a call, through each client.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Result;
use crate::clients::Caller;
use crate::files::processor_time;

/// Lets all callers make one call after another, and tells the processor time of a call in nanoseconds. The first two calls of each do
/// not count, which open the connections, nor do the last ones, when there are fewer and fewer callers.
pub(crate) async fn run<C: Caller>(address: String, callers: u32, calls: u32) -> Result<Value> {
    let client = C::new(&address)?;
    let (first, last) = (callers * 2, callers * (calls - 1));
    let meter = Arc::new(Meter { made: AtomicU32::new(0), spent: Mutex::default(), first, last });
    let mut all = JoinSet::new();
    for _ in 0..callers {
        let (client, meter) = (client.clone(), Arc::clone(&meter));
        all.spawn(async move {
            for _ in 0..calls {
                client.call().await?;
                meter.note()?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(caller) = all.join_next().await {
        caller??;
    }
    let (began, ended) = *meter.spent.lock().map_err(|_| "a caller has panicked")?;
    Ok(json!({ "nanoseconds_per_call": (ended - began) as f64 / f64::from(last - first) }))
}

/// Counts calls, and reads the processor time after the first that counts and after the last.
struct Meter {
    made: AtomicU32,
    first: u32,
    last: u32,
    spent: Mutex<(u64, u64)>,
}

impl Meter {
    fn note(&self) -> Result<()> {
        let made = self.made.fetch_add(1, Relaxed) + 1;
        let mut spent = match made == self.first || made == self.last {
            true => self.spent.lock().map_err(|_| "a caller has panicked")?,
            false => return Ok(()),
        };
        *(if made == self.first { &mut spent.0 } else { &mut spent.1 }) = processor_time()?;
        Ok(())
    }
}
