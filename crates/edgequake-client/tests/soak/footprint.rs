//! [`Footprint`]: what the process has of tasks, descriptors and memory.

use std::fmt;
use std::time::Instant;

use peak_alloc::PeakAlloc;

use crate::way::PATIENCE;

/// What may be there that was not before: what is made once and kept.
const ONCE: usize = 256 * 1024;

/// The system's allocator, which counts: what is resident also has what allocators keep.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Footprint {
    /// Tasks of the runtime.
    pub(crate) tasks: usize,
    pub(crate) descriptors: usize,
    /// Bytes that are allocated.
    pub(crate) memory: usize,
}

impl Footprint {
    pub(crate) fn now() -> Self {
        Self {
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            descriptors: std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
            memory: ALLOCATOR.current_usage(),
        }
    }

    /// Whether it is what it was before.
    pub(crate) fn is_back_at(&self, before: &Self) -> bool {
        self.tasks <= before.tasks
            && self.descriptors <= before.descriptors + 1
            && self.memory <= before.memory + ONCE
    }

    /// The footprint once it is back at `before`: the tasks of connections end when their connections do, and a task is counted for
    /// a moment after who awaits it was told.
    pub(crate) async fn settled(before: &Self) -> Self {
        let patience = Instant::now() + PATIENCE;
        loop {
            let now = Self::now();
            if now.is_back_at(before) || Instant::now() > patience {
                return now;
            }
            tokio::task::yield_now().await;
        }
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tasks, descriptors, memory } = self;
        write!(f, "{tasks} tasks, {descriptors} descriptors, {} KiB", memory / 1024)
    }
}
