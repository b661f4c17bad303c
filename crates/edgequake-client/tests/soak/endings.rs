//! [`Endings`]: tokens expire and sessions are revoked while the workers call.

use std::time::Duration;

use edgequake_devserver::Backend;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// A client forces three refreshes in a minute, and then rightly takes a refusal for one. Two are left for tokens that expire on
/// their way.
const PAUSE: Duration = Duration::from_secs(40);

/// How often it was done.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ordered {
    pub(crate) expirations: u64,
    pub(crate) revocations: u64,
}

pub(crate) struct Endings {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Ordered>,
}

impl Endings {
    /// One of each at least in a soak of this length.
    pub(crate) fn start(server: Backend, length: Duration) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let pause = PAUSE.min(length / 3);
        let task = tokio::spawn(async move {
            let mut ordered = Ordered::default();
            let mut next = Instant::now() + pause;
            loop {
                tokio::select! {
                    () = sleep_until(next) => {}
                    _ = &mut stopped => return ordered,
                }
                if ordered.expirations == ordered.revocations {
                    server.expire_access_tokens();
                    ordered.expirations += 1;
                } else {
                    server.revoke_sessions();
                    ordered.revocations += 1;
                }
                next += pause;
            }
        });
        Self { stop, task }
    }

    pub(crate) async fn end(self) -> Ordered {
        // Nobody receives it only if the task has failed, which the next line tells.
        let _ = self.stop.send(());
        self.task.await.unwrap()
    }
}
