//! [`Readers`]: the threads that read files, and how long they may take.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{OnPage, PdfText, Unreadable, file};
use crate::stop::Stop;

/// How many files are read at once; each takes memory and a thread.
const AT_ONCE: usize = 2;

/// How long a file may wait for its turn, and how long it may take.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A file to read.
pub(crate) struct Job {
    pub(crate) bytes: Bytes,
    pub(crate) max_pages: u64,
    /// Stops it.
    pub(crate) stop: Stop,
    pub(crate) on_page: OnPage,
}

/// The threads that read files.
#[derive(Debug, Clone)]
pub(crate) struct Readers(Arc<Semaphore>);

impl Default for Readers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Readers {
    /// Reads a file on a thread of its own. One that takes too long keeps its thread, and its turn, until it ends; nobody
    /// else waits for it.
    pub(crate) async fn read(&self, job: Job) -> Result<PdfText, Unreadable> {
        let Job { bytes, max_pages, stop, on_page } = job;
        let turn = tokio::select! {
            turn = timeout(TIME_LIMIT, Arc::clone(&self.0).acquire_owned()) => turn,
            () = stop.stopped() => return Err(Unreadable::Stopped),
        };
        let Ok(Ok(turn)) = turn else { return Err(Unreadable::Time) };
        let late = stop.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            file::read(&bytes, max_pages, &stop, &on_page)
        });
        match timeout(TIME_LIMIT, reading).await {
            Ok(Ok(read)) => read,
            // The library has panicked over it.
            Ok(Err(_)) => Err(Unreadable::Damaged),
            Err(_) => {
                late.stop();
                Err(Unreadable::Time)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let readers = Readers::default();
        let busy = Arc::clone(&readers.0).acquire_many_owned(AT_ONCE as u32).await.unwrap();
        let job = || {
            let stop = Stop::default();
            (stop.clone(), Job { bytes: Bytes::new(), max_pages: 1, stop, on_page: Arc::new(|_, _| {}) })
        };
        assert_eq!(readers.read(job().1).await.unwrap_err(), Unreadable::Time);
        let (stop, stopped) = job();
        let (read, ()) = tokio::join!(readers.read(stopped), async { stop.stop() });
        assert_eq!(read.unwrap_err(), Unreadable::Stopped);
        drop(busy);
        assert_eq!(readers.read(job().1).await.unwrap_err(), Unreadable::Damaged);
    }
}
