//! A child as its parent sees it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::child::ORDERS;
use crate::point::Point;

/// Far more than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Kid {
    pub(crate) agent: String,
    /// The points that it has passed since it was last told anything.
    pub(crate) passed: Vec<Point>,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

/// What a child says next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    At(Point),
    Done(String),
    /// Nothing any more.
    End,
}

impl Kid {
    pub(crate) fn start(address: SocketAddr, agent: String, folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child::does_what_it_is_told", "--exact", "--nocapture"])
            .env(ORDERS, format!("{address}|{agent}|{}", folder.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // What the test harness prints is not for us, also where it shares a line.
                if let Some((_, said)) = line.split_once("@ ") {
                    sender.send(said.to_owned()).ok();
                }
            }
        });
        let stdin = child.stdin.take().unwrap();
        Self { agent, passed: Vec::new(), child, stdin, lines }
    }

    pub(crate) fn tell(&mut self, order: &str) {
        self.passed.clear();
        writeln!(self.stdin, "{order}").unwrap();
    }

    /// Lets it go on from the point where it is.
    pub(crate) fn go(&mut self) {
        writeln!(self.stdin, "go").unwrap();
    }

    pub(crate) fn listen(&mut self) -> Said {
        loop {
            let line = match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => line,
                Err(RecvTimeoutError::Disconnected) => return Said::End,
                Err(RecvTimeoutError::Timeout) => panic!("{} is silent after {:?}", self.agent, self.passed),
            };
            match line.split_once(' ').unwrap() {
                ("passed", point) => self.passed.push(point.parse().unwrap()),
                ("at", point) => return Said::At(point.parse().unwrap()),
                (_, result) => return Said::Done(result.to_owned()),
            }
        }
    }

    /// Waits until it has done what it was told.
    pub(crate) fn done(&mut self) -> String {
        loop {
            match self.listen() {
                Said::Done(result) => return result,
                Said::At(_) => {}
                Said::End => panic!("{} has died", self.agent),
            }
        }
    }

    /// Kills it, and hears what it has said before.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        while self.listen() != Said::End {}
    }

    /// Stops it, and waits until all of it stands still: a thread that goes on for a moment may go far.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        let stopped = waitpid(Some(Pid::from_child(&self.child)), WaitOptions::UNTRACED).unwrap();
        assert!(stopped.is_some_and(|(_, status)| status.stopped()), "{} has died", self.agent);
    }

    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Kid {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
