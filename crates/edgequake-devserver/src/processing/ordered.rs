//! What a fault orders for the work on something that is no document.

use std::sync::Weak;
use std::time::Duration;

use crate::app::App;
use crate::faults::Effect;
use crate::stop::Stop;

/// What is ordered to happen at a stage.
pub(crate) enum Ordered {
    Nothing,
    /// The work ends with a part missing.
    Partial,
    Failure(String),
}

/// Takes the fault that is ordered for a stage, if there is one, and waits as it says. `None` once the work is stopped.
pub(crate) async fn ordered(app: &Weak<App>, stage: &str, stop: &Stop) -> Option<Ordered> {
    let app = app.upgrade()?;
    let Some(fault) = app.faults.take_at_stage(stage) else { return Some(Ordered::Nothing) };
    let clock = app.clock.clone();
    // Nobody keeps the server while it waits.
    drop(app);
    if fault.delay_ms > 0 {
        tokio::select! {
            () = clock.pause(Duration::from_millis(fault.delay_ms)) => {}
            () = stop.stopped() => return None,
        }
    }
    Some(match fault.effect {
        Effect::FailProcessing { partial: true, .. } => Ordered::Partial,
        Effect::FailProcessing { .. } => Ordered::Failure(format!("Processing failed at stage {stage}")),
        Effect::HangProcessing { .. } => {
            stop.stopped().await;
            return None;
        }
        _ => Ordered::Nothing,
    })
}
