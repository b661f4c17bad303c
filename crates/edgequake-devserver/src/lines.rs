//! [`Lines`]: writes lines on a thread of its own, so that a reader who does not read stops nobody else.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many lines may wait; those that come then are dropped and counted.
const CAPACITY: usize = 1024;

/// The lines that wait to be written. Clones are the same lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<String>,
    dropped: u64,
    is_writing: bool,
}

impl Lines {
    /// Starts the thread. It ends with the process.
    ///
    /// # Errors
    ///
    /// The error of the operating system, if there can be no thread.
    pub(crate) fn write_to(mut output: impl Write + Send + 'static) -> std::io::Result<Self> {
        let lines = Self::default();
        let writer = lines.clone();
        let write = move || {
            loop {
                let text = writer.next();
                // Failing to write here cannot be reported anywhere.
                let _ = output.write_all(text.as_bytes());
                let _ = output.flush();
            }
        };
        std::thread::Builder::new().name("lines".to_owned()).spawn(write)?;
        Ok(lines)
    }

    /// Adds a line, without its end, or counts it as dropped. Never waits for the reader.
    pub(crate) fn push(&self, mut line: String) {
        line.push('\n');
        let mut queue = self.queue();
        if queue.waiting.len() < CAPACITY {
            queue.waiting.push_back(line);
            self.0.changed.notify_all();
        } else {
            queue.dropped += 1;
        }
    }

    /// Waits until all lines are written, but not longer than this.
    pub(crate) fn finish(&self, limit: Duration) {
        let is_busy = |queue: &mut Queue| queue.is_writing || !queue.waiting.is_empty();
        // Lines that nobody reads in time are lost.
        let _ = self.0.changed.wait_timeout_while(self.queue(), limit, is_busy);
    }

    /// Waits for lines, and takes what there is: the lines, and how many were dropped after them.
    fn next(&self) -> String {
        let mut queue = self.queue();
        queue.is_writing = false;
        self.0.changed.notify_all();
        let is_idle = |queue: &mut Queue| queue.waiting.is_empty();
        let mut queue = self.0.changed.wait_while(queue, is_idle).unwrap_or_else(PoisonError::into_inner);
        queue.is_writing = true;
        let mut text: String = queue.waiting.drain(..).collect();
        let dropped = std::mem::take(&mut queue.dropped);
        if dropped > 0 {
            text.push_str(&format!("({dropped} requests are not listed, because this is read too slowly)\n"));
        }
        text
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Tells of each piece, and goes on when it is told to.
    struct Slow(mpsc::Sender<String>, mpsc::Receiver<()>);

    impl Write for Slow {
        fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.send(String::from_utf8_lossy(piece).into_owned());
            let _ = self.1.recv();
            Ok(piece.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_nobody_reads_are_dropped_and_counted() {
        let (pieces, written) = mpsc::channel();
        let (go_on, told) = mpsc::channel();
        let lines = Lines::write_to(Slow(pieces, told)).unwrap();
        lines.push("first".to_owned());
        assert_eq!(written.recv().unwrap(), "first\n");
        // The thread waits in the middle of the first line.
        for number in 0..CAPACITY + 3 {
            lines.push(number.to_string());
        }
        go_on.send(()).unwrap();
        let rest = written.recv().unwrap();
        assert_eq!(rest.lines().count(), CAPACITY + 1);
        assert!(
            rest.ends_with("\n1023\n(3 requests are not listed, because this is read too slowly)\n"),
            "{rest}"
        );
        lines.finish(Duration::from_millis(1));
        drop(go_on);
        lines.finish(Duration::from_secs(60));
        assert!(!lines.queue().is_writing);
    }
}
