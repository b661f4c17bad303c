//! [`ProgressStream`]: the conversation, over one connection after another.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use edgequake_types::TrackId;
use edgequake_types::progress::{ProgressCommand, ProgressEvent};
use futures_core::Stream;
use futures_sink::Sink;
use tokio::time::Instant;
use tokio_websockets::Message;

use super::handshake::{Socket, open};
use crate::boxed::BoxFuture;
use crate::client::Client;
use crate::clock::{self, Timer};
use crate::error::Error;

/// The pauses between two connections: at first, and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// How long a connection lives that is a good one: after it, the pauses begin anew.
const LIVED: Duration = Duration::from_secs(30);

/// For how long a server that lives is silent at most: it says something every 30 s.
const SILENCE: Duration = Duration::from_secs(75);

/// How many tasks are named at once, as many as a server takes.
const AT_ONCE: usize = 256;

/// How many commands may wait for a connection.
const COMMANDS: usize = 1024;

/// What comes over a [`ProgressStream`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ProgressUpdate {
    /// What the server says.
    Event(ProgressEvent),
    /// Something may have been missed: the connection was lost and made again, or the server has dropped events that were not read in time. What is
    /// followed has to be asked for.
    Gap,
}

/// What the server says over a WebSocket while it processes documents. Made by [`Client::progress`] and [`Client::task_progress`]; nothing
/// is sent before it is polled.
///
/// The credential and the scope of the client are sent as headers, never in the URL, and its rules for origins, proxies and TLS hold. The
/// connection is one of its own, neither counted nor limited with those of calls, and needs a transport that hands it on, as the built-in
/// one does.
///
/// A connection that is lost, or over which nothing has come for 75 s, is made again, with the same subscriptions; a [`ProgressUpdate::Gap`] tells of it. When that fails, the
/// error is given; after one for which [`Error::is_retryable`] is true, the next poll tries again, after a pause that grows up to 30 s.
/// After any other there is nothing more.
///
/// Pings are answered while it is polled. No event is the end of a document for sure: ask for the document then, or let
/// [`Wait::websocket`](crate::Wait::websocket) do that. Dropping it closes the connection.
#[must_use = "streams do nothing until they are polled"]
pub struct ProgressStream {
    client: Client,
    task: Option<TrackId>,
    subscribed: BTreeSet<TrackId>,
    commands: VecDeque<ProgressCommand>,
    updates: VecDeque<ProgressUpdate>,
    state: State,
    pause: Duration,
    /// When the last connection was made.
    opened: Option<Instant>,
}

enum State {
    Before,
    Resting(Pin<Box<Timer>>),
    Opening(BoxFuture<Result<Socket, Error>>),
    Open { socket: Box<Socket>, silence: Pin<Box<Timer>> },
    Over,
}

impl ProgressStream {
    pub(super) fn new(client: Client, task: Option<TrackId>) -> Self {
        Self {
            client,
            task,
            subscribed: BTreeSet::new(),
            commands: VecDeque::new(),
            updates: VecDeque::new(),
            state: State::Before,
            pause: PAUSES.0,
            opened: None,
        }
    }

    /// Asks to be told of these tasks, by the `task_id` in the answers to uploads: 256 in all at most. Servers without subscriptions tell of
    /// all tasks. Like the other commands it is sent when the stream is polled next.
    pub fn subscribe(&mut self, tasks: impl IntoIterator<Item = impl Into<TrackId>>) {
        let new: Vec<TrackId> =
            tasks.into_iter().map(Into::into).filter(|task| !self.subscribed.contains(task)).collect();
        self.subscribed.extend(new.iter().cloned());
        if matches!(self.state, State::Open { .. }) {
            new.chunks(AT_ONCE)
                .for_each(|tasks| self.command(ProgressCommand::subscribe(tasks.iter().cloned())));
        }
    }

    /// Asks to be told of these tasks no longer.
    pub fn unsubscribe(&mut self, tasks: impl IntoIterator<Item = impl Into<TrackId>>) {
        let old: Vec<TrackId> = tasks.into_iter().map(Into::into).collect();
        self.subscribed.retain(|task| !old.contains(task));
        if matches!(self.state, State::Open { .. }) && !old.is_empty() {
            self.command(ProgressCommand::unsubscribe(old));
        }
    }

    /// Cancels a task. Nothing says whether that was done but the events that follow, and the task itself. Where 1,024 commands wait for a
    /// connection, another one is dropped, and a warning logged.
    pub fn cancel(&mut self, task: impl Into<TrackId>) {
        self.command(ProgressCommand::cancel(task));
    }

    /// Asks for a [`StatusSnapshot`](edgequake_types::progress::StatusSnapshot). On servers with authentication only the WebSocket of a task has one.
    pub fn status(&mut self) {
        self.command(ProgressCommand::Status);
    }

    fn command(&mut self, command: ProgressCommand) {
        if self.commands.len() < COMMANDS {
            self.commands.push_back(command);
        } else {
            tracing::warn!("a command was dropped: too many wait for the WebSocket to be connected");
        }
    }

    /// What comes next; `None` at the end, after an error that stays. Safe to drop: nothing is lost.
    pub async fn next(&mut self) -> Option<Result<ProgressUpdate, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn begin(&self) -> State {
        let (client, task) = (self.client.clone(), self.task.clone());
        State::Opening(Box::pin(async move { open(&client, task.as_ref()).await }))
    }

    /// Rests after a connection. One that the server ended soon was none of use, whatever it said.
    fn lost(&mut self) -> Result<State, Error> {
        if self.opened.is_some_and(|opened| opened.elapsed() >= LIVED) {
            self.pause = PAUSES.0;
        }
        self.rest(Duration::ZERO)
    }

    /// Rests before the next connection.
    fn rest(&mut self, at_least: Duration) -> Result<State, Error> {
        let pause = self.pause.mul_f64(0.75 + fastrand::f64() / 2.0).max(at_least);
        self.pause = (self.pause * 2).min(PAUSES.1);
        Ok(State::Resting(timer(pause)?))
    }

    /// The connection is there: subscribes again, before anything else that is still to be sent.
    fn open(&mut self, socket: Socket) -> Result<State, Error> {
        // What was to be said of subscriptions over the last connection is out of date.
        self.commands.retain(|command| !changes_subscriptions(command));
        if self.task.is_none() {
            let subscribed: Vec<_> = self.subscribed.iter().cloned().collect();
            for tasks in subscribed.chunks(AT_ONCE) {
                self.commands.push_front(ProgressCommand::subscribe(tasks.iter().cloned()));
            }
        }
        if self.opened.replace(Instant::now()).is_some() {
            self.updates.push_back(ProgressUpdate::Gap);
        }
        Ok(State::Open { socket: Box::new(socket), silence: timer(SILENCE)? })
    }

    /// Takes what came.
    fn hear(&mut self, message: &Message) {
        let Some(event) = message.as_text().and_then(|text| ProgressEvent::from_text(text).ok()) else {
            return;
        };
        let lagged = event.is_lagged();
        self.updates.push_back(ProgressUpdate::Event(event));
        if lagged {
            self.updates.push_back(ProgressUpdate::Gap);
        }
    }

    /// Sends what is to be sent, and looks for what comes. Ready when something came; an error for a connection that is lost.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        let State::Open { socket, silence } = &mut self.state else { return Poll::Ready(Ok(())) };
        while let Some(command) = self.commands.front() {
            match Pin::new(&mut **socket).poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Lost)),
                Poll::Pending => break,
            }
            let message = Message::text(command.to_text());
            Pin::new(&mut **socket).start_send(message).map_err(|_| Lost)?;
            self.commands.pop_front();
        }
        // A server that takes nothing is not listened to: each of its pings would leave an answer in memory.
        match Pin::new(&mut **socket).poll_flush(cx) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Lost)),
            Poll::Pending => return silence.as_mut().poll(cx).map(|_| Err(Lost)),
        }
        match Pin::new(&mut **socket).poll_next(cx) {
            Poll::Ready(Some(Ok(message))) if !message.is_close() => {
                *silence = timer(SILENCE).map_err(|_| Lost)?;
                self.hear(&message);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(_) => Poll::Ready(Err(Lost)),
            Poll::Pending => silence.as_mut().poll(cx).map(|_| Err(Lost)),
        }
    }
}

fn changes_subscriptions(command: &ProgressCommand) -> bool {
    matches!(command, ProgressCommand::Subscribe { .. } | ProgressCommand::Unsubscribe { .. })
}

/// The connection is lost.
struct Lost;

fn timer(pause: Duration) -> Result<Pin<Box<Timer>>, Error> {
    let end = Instant::now().checked_add(pause).unwrap_or_else(Instant::now);
    clock::sleep_until(end).map(Box::pin).map_err(|error| Error::of_failure(error.into()))
}

impl Stream for ProgressStream {
    type Item = Result<ProgressUpdate, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(update) = this.updates.pop_front() {
                return Poll::Ready(Some(Ok(update)));
            }
            let next = match std::mem::replace(&mut this.state, State::Over) {
                State::Over => return Poll::Ready(None),
                State::Before => Ok(this.begin()),
                State::Resting(mut timer) => match timer.as_mut().poll(cx) {
                    Poll::Ready(Ok(())) => Ok(this.begin()),
                    Poll::Ready(Err(error)) => Err(Error::of_failure(error.into())),
                    Poll::Pending => {
                        this.state = State::Resting(timer);
                        return Poll::Pending;
                    }
                },
                State::Opening(mut opening) => match opening.as_mut().poll(cx) {
                    Poll::Ready(Ok(socket)) => this.open(socket),
                    Poll::Ready(Err(error)) if error.is_retryable() => {
                        let wanted = error.retry_after().unwrap_or_default().min(PAUSES.1 * 2);
                        match this.rest(wanted) {
                            Ok(resting) => this.state = resting,
                            Err(error) => return Poll::Ready(Some(Err(error))),
                        }
                        return Poll::Ready(Some(Err(error)));
                    }
                    Poll::Ready(Err(error)) => Err(error),
                    Poll::Pending => {
                        this.state = State::Opening(opening);
                        return Poll::Pending;
                    }
                },
                open @ State::Open { .. } => {
                    this.state = open;
                    match this.poll_open(cx) {
                        Poll::Ready(Ok(())) => continue,
                        Poll::Ready(Err(Lost)) => this.lost(),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            };
            match next {
                Ok(state) => this.state = state,
                Err(error) => {
                    this.state = State::Over;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl fmt::Debug for ProgressStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressStream")
            .field("task", &self.task)
            .field("subscribed", &self.subscribed)
            .field("open", &matches!(self.state, State::Open { .. }))
            .finish_non_exhaustive()
    }
}
