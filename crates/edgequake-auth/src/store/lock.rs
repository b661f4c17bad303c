//! [`ProcessLock`]: one holder at a time, among all processes that name the same lock file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::permissions::{make_folder, owner_only};
use super::{StoreError, StoreErrorKind, StoreLock, blocking};

/// How long a write without a lock of its own waits for somebody else's.
const WRITE_LIMIT: Duration = Duration::from_secs(8);
/// First pause between two tries for the lock of another process; there is no event for its release.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// An advisory lock on a file of its own. The system releases it if its holder dies. Clones are one holder's.
#[derive(Debug, Clone)]
pub(super) struct ProcessLock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// Who is next in this process.
    queue: Arc<tokio::sync::Mutex<()>>,
    /// The open and locked file, while somebody holds it; a write borrows it.
    held: Mutex<Weak<File>>,
}

impl ProcessLock {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { shared: Arc::new(Shared { path, queue: Arc::default(), held: Mutex::default() }) }
    }

    /// Waits for the lock, at most as long as `limit`.
    pub(super) async fn lock(&self, limit: Duration) -> Result<StoreLock, StoreError> {
        let take = async {
            let turn = Arc::clone(&self.shared.queue).lock_owned().await;
            let mut pause = FIRST_PAUSE;
            loop {
                let shared = Arc::clone(&self.shared);
                if let Some(open) = blocking("the lock file", move || shared.try_take()).await? {
                    *self.shared.held.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&open);
                    return Ok(StoreLock::held((open, turn)));
                }
                tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        };
        tokio::time::timeout(limit, take).await.unwrap_or_else(|_| Err(self.shared.busy()))
    }

    /// For one write: the lock that somebody of this process holds already, or one for the moment. Blocks.
    pub(super) fn borrow_or_take(&self) -> Result<Arc<File>, StoreError> {
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let held = self.shared.held.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
            if let Some(open) = held.map_or_else(|| self.shared.try_take(), |open| Ok(Some(open)))? {
                return Ok(open);
            }
            if start.elapsed() >= WRITE_LIMIT {
                return Err(self.shared.busy());
            }
            // This is a blocking thread, and the system has no event for an advisory lock with a time limit.
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Shared {
    fn try_take(&self) -> Result<Option<Arc<File>>, StoreError> {
        let unavailable = |error| {
            let text = format!("cannot open the lock file {}", self.path.display());
            StoreError::new(StoreErrorKind::Unavailable, text).with_source(error)
        };
        make_folder(&self.path).map_err(unavailable)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let open = owner_only(&mut options).open(&self.path).map_err(unavailable)?;
        match open.try_lock() {
            Ok(()) => Ok(Some(Arc::new(open))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }

    fn busy(&self) -> StoreError {
        let text = format!("another process holds the lock file {} for too long", self.path.display());
        StoreError::new(StoreErrorKind::Busy, text)
    }
}
