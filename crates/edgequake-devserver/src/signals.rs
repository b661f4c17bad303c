//! [`Signals`]: what ends the program: Ctrl-C and, on Unix, SIGTERM, SIGHUP and SIGQUIT.
//!
//! A signal that is ignored when the program starts stays ignored, as `nohup` and shells expect. Only Linux says which these are
//! without unsafe code.

#[cfg(not(unix))]
use std::io;
use std::time::{Duration, Instant};

/// How long the program may take to end after a signal, with all that it does then.
const END_LIMIT: Duration = Duration::from_millis(900);

/// A signal that ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signal {
    pub(crate) kind: Kind,
    /// Whether a process has sent it. A terminal sends Ctrl-C to all programs in front of it.
    pub(crate) is_sent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Interrupt,
    #[cfg(unix)]
    Terminate,
    /// The terminal is gone.
    #[cfg(unix)]
    HangUp,
    #[cfg(unix)]
    Quit,
}

impl Kind {
    /// Its number, as the exit codes of shells have it.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Interrupt => 2,
            #[cfg(unix)]
            Self::Terminate => 15,
            #[cfg(unix)]
            Self::HangUp => 1,
            #[cfg(unix)]
            Self::Quit => 3,
        }
    }

    /// Whether a terminal sends it when a key is pressed: to every program in the foreground, and each decides what to do.
    pub(crate) fn is_from_keyboard(self) -> bool {
        match self {
            Self::Interrupt => true,
            #[cfg(unix)]
            Self::Quit => true,
            #[cfg(unix)]
            Self::Terminate | Self::HangUp => false,
        }
    }
}

/// The signals that end the program. They are caught from the moment this is made.
pub(crate) struct Signals {
    #[cfg(unix)]
    received: tokio::sync::mpsc::Receiver<Signal>,
    /// When the first one came.
    first: Option<Instant>,
}

impl Signals {
    /// Waits for the next signal. Safe to drop.
    pub(crate) async fn next(&mut self) -> Signal {
        let signal = self.receive().await;
        self.first.get_or_insert_with(Instant::now);
        signal
    }

    /// Passes over a signal that is none of this program's business.
    pub(crate) fn pass_over(&mut self) {
        self.first = None;
    }

    /// How much is left of the time that the program has to end: from the first signal on, or from now on if there was none.
    pub(crate) fn time_left(&self) -> Duration {
        END_LIMIT.saturating_sub(self.first.map_or(Duration::ZERO, |first| first.elapsed()))
    }
}

#[cfg(unix)]
mod unix {
    use std::io;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::low_level::siginfo::{Cause, Origin};
    use tokio::sync::mpsc;

    use super::{Kind, Signal, Signals};

    /// How many signals may wait. More than two say nothing new.
    const CAPACITY: usize = 4;

    impl Signals {
        /// # Errors
        ///
        /// The error of the operating system, if it refuses the handlers or the thread that reads what they note.
        pub(crate) fn catch() -> io::Result<Self> {
            let is_ignored = ignored();
            let caught = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].into_iter().filter(|signal| !is_ignored(*signal));
            let mut signals = SignalsInfo::<WithOrigin>::new(caught)?;
            let (sender, received) = mpsc::channel(CAPACITY);
            let tell = move || {
                for signal in signals.forever().filter_map(|origin| of(&origin)) {
                    // When the queue is full, enough signals wait to end the program at once.
                    let _ = sender.try_send(signal);
                }
            };
            std::thread::Builder::new().name("signals".to_owned()).spawn(tell)?;
            Ok(Self { received, first: None })
        }

        pub(super) async fn receive(&mut self) -> Signal {
            match self.received.recv().await {
                Some(signal) => signal,
                // The thread never ends before the program.
                None => std::future::pending().await,
            }
        }
    }

    /// Which signals this process ignores.
    fn ignored() -> impl Fn(i32) -> bool {
        let status = if cfg!(target_os = "linux") {
            std::fs::read_to_string("/proc/self/status")
        } else {
            Ok(String::new())
        };
        let mask = mask(&status.unwrap_or_default()).unwrap_or(0);
        move |signal| mask & (1 << (signal - 1)) != 0
    }

    /// The ignored signals in the status of a process, a bit for each, from 1.
    fn mask(status: &str) -> Option<u64> {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    }

    fn of(origin: &Origin) -> Option<Signal> {
        let kind = match origin.signal {
            SIGINT => Kind::Interrupt,
            SIGTERM => Kind::Terminate,
            SIGHUP => Kind::HangUp,
            SIGQUIT => Kind::Quit,
            _ => return None,
        };
        Some(Signal { kind, is_sent: matches!(origin.cause, Cause::Sent(_)) })
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn catch() -> io::Result<Self> {
        Ok(Self { first: None })
    }

    async fn receive(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without signals the program ends with its process only.
            std::future::pending::<()>().await;
        }
        Signal { kind: Kind::Interrupt, is_sent: false }
    }
}
