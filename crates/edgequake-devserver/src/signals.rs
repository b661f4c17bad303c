//! [`Signals`]: what ends the program: Ctrl-C and, on Unix, SIGTERM, SIGHUP and SIGQUIT.

#[cfg(not(unix))]
use std::io;

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

    /// Whether a terminal sends it at a key, for the programs in front of it to decide what becomes of it.
    pub(crate) fn is_of_a_key(self) -> bool {
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
            let mut signals = SignalsInfo::<WithOrigin>::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
            let (sender, received) = mpsc::channel(CAPACITY);
            let tell = move || {
                for signal in signals.forever().filter_map(|origin| of(&origin)) {
                    // Those that find no room are no news.
                    let _ = sender.try_send(signal);
                }
            };
            std::thread::Builder::new().name("signals".to_owned()).spawn(tell)?;
            Ok(Self { received })
        }

        /// Waits for the next signal. Safe to drop.
        pub(crate) async fn next(&mut self) -> Signal {
            match self.received.recv().await {
                Some(signal) => signal,
                // The thread never ends before the program.
                None => std::future::pending().await,
            }
        }
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
        Ok(Self {})
    }

    /// Waits for the next signal. Safe to drop.
    pub(crate) async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without signals the program ends with its process only.
            std::future::pending::<()>().await;
        }
        Signal { kind: Kind::Interrupt, is_sent: false }
    }
}
