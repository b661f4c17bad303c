//! A process of the fleet as its parent sees it.

use std::path::PathBuf;
use std::process::Stdio;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot};

use crate::child::{ORDERS, Orders};
use crate::log::Log;
use crate::point::Point;

/// Somebody waits at a point.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) number: usize,
    pub(crate) point: Point,
    /// How a relay is told to go on; a process is told by a line.
    pub(crate) release: Option<oneshot::Sender<()>>,
}

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) number: usize,
    child: Child,
    stdin: ChildStdin,
    lines: tokio::task::JoinHandle<()>,
}

/// The library that sets the clock of a process, and the file that says how far.
#[derive(Debug, Clone)]
pub(crate) struct Faketime {
    pub(crate) library: PathBuf,
    pub(crate) file: PathBuf,
}

impl Faketime {
    /// Sets the wall clock.
    pub(crate) fn set(&self, seconds: i64) {
        // In one step: the library reads it each time that somebody looks at the clock.
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{seconds:+}\n")).unwrap();
        std::fs::rename(new, &self.file).unwrap();
    }
}

impl Process {
    pub(crate) fn start(
        number: usize,
        orders: &Orders,
        faketime: Option<&Faketime>,
        log: &Log,
        arrivals: &mpsc::UnboundedSender<Arrival>,
    ) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["child::does_what_it_is_told", "--exact", "--nocapture"]);
        command.env(ORDERS, serde_json::to_string(orders).unwrap());
        if let Some(faketime) = faketime {
            faketime.set(0);
            command.env("LD_PRELOAD", &faketime.library).env("FAKETIME_TIMESTAMP_FILE", &faketime.file);
            // The wall clock only; and what the file says counts at once.
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_NO_CACHE", "1");
            command.env("NO_FAKE_STAT", "1");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let (log, arrivals) = (log.clone(), arrivals.clone());
        let lines = tokio::spawn(async move {
            while let Ok(Some(line)) = stdout.next_line().await {
                // What the test harness prints is not for us, also where it shares a line.
                let Some((_, line)) = line.split_once("@ ") else { continue };
                if let Some(point) = log.hear(number, line) {
                    arrivals.send(Arrival { number, point, release: None }).ok();
                }
            }
        });
        Self { number, child, stdin, lines }
    }

    pub(crate) async fn tell(&mut self, line: &str) {
        // One that was killed hears nothing.
        self.stdin.write_all(format!("{line}\n").as_bytes()).await.ok();
    }

    /// Kills it, and hears what it has said before.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
        (&mut self.lines).await.unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn end(mut self) {
        self.tell("end").await;
        (&mut self.lines).await.unwrap();
        self.child.wait().await.unwrap();
    }

    fn pid(&self) -> Pid {
        self.child.id().and_then(|id| Pid::from_raw(id.try_into().unwrap())).unwrap()
    }

    /// Stops it, and waits until all of it stands still: a thread that goes on for a moment may go far.
    pub(crate) async fn stop(&self) {
        let pid = self.pid();
        kill_process(pid, Signal::STOP).unwrap();
        let stopped = move || waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT);
        let status = tokio::task::spawn_blocking(stopped).await.unwrap().unwrap();
        assert!(status.is_some_and(|status| status.stopped()), "{} has died", self.number);
    }

    pub(crate) fn resume(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }
}
