//! [`Session`]: the conversation over one WebSocket.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use edgequake_types::TrackId;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_websockets::{CloseCode, Limits, Message, ServerBuilder, WebSocketStream};

use super::Closing;
use super::frame::{self, Command};
use crate::app::App;
use crate::bus::ProcessingEvents;
use crate::cancelling;
use crate::config::Era;
use crate::notice::Notice;
use crate::place::Place;

/// How often a client hears that the connection is alive.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How long a client may take to read a frame before it is cut.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// How long the end of a conversation may take. A server that stops waits for it, and longer than this.
const CLOSE_LIMIT: Duration = Duration::from_millis(250);

/// The maximum size of what a client says, in bytes.
const MESSAGE_LIMIT: usize = 64 * 1024;

/// The maximum number of tasks that a client subscribes to.
const MAX_TASKS: usize = 256;

/// What a WebSocket is about.
#[derive(Debug)]
pub(crate) enum Subject {
    /// The workspace. On era C servers a client names the tasks that it wants to hear of.
    Pipeline { subscribed: HashSet<TrackId> },
    /// One task.
    Task(TrackId),
}

/// The conversation over one WebSocket.
pub(crate) struct Session {
    pub(crate) app: Weak<App>,
    pub(crate) place: Place,
    pub(crate) subject: Subject,
    /// Whether the client may cancel tasks, which reading does not include.
    pub(crate) may_cancel: bool,
    pub(crate) events: ProcessingEvents,
    /// `None` without a server of ours, which is then not waited for.
    pub(crate) closing: Option<Closing>,
    /// Counts this WebSocket as an open one.
    pub(crate) permit: OwnedSemaphorePermit,
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The conversation is over.
struct Ended;

impl Session {
    /// Talks until the client, the server or the connection ends.
    pub(crate) async fn run(mut self, upgrade: OnUpgrade) {
        let Ok(upgraded) = upgrade.await else { return };
        let limits = Limits::default().max_payload_len(Some(MESSAGE_LIMIT));
        let mut socket = ServerBuilder::new().limits(limits).serve(TokioIo::new(upgraded));
        // An error means that the client is gone, or does not read.
        let _ = self.talk(&mut socket).await;
        // Until the client has answered, or a connection with unread frames would be reset, and the client would not see ours.
        let close = async {
            socket.send(Message::close(Some(CloseCode::GOING_AWAY), "")).await?;
            while socket.next().await.transpose()?.is_some() {}
            Ok::<_, tokio_websockets::Error>(())
        };
        let _ = timeout(CLOSE_LIMIT, close).await;
        drop(self.permit);
    }

    async fn talk(&mut self, socket: &mut Socket) -> Result<(), Ended> {
        say(socket, frame::connected()).await?;
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let closing = async {
                match &mut self.closing {
                    Some(closing) => closing.closed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = closing => return Ok(()),
                notice = self.events.next_notice() => match notice.ok_or(Ended)? {
                    Ok(notice) if self.concerns(&notice) => say(socket, frame::notice(&notice)).await?,
                    Ok(_) => {}
                    Err(count) => say(socket, frame::lost(count, self.app()?.clock.timestamp())).await?,
                },
                _ = heartbeat.tick() => say(socket, frame::heartbeat(self.app()?.clock.timestamp())).await?,
                message = socket.next() => {
                    let message = message.ok_or(Ended)?.map_err(|_| Ended)?;
                    if message.is_close() {
                        return Ok(());
                    }
                    if let Some(answer) = message.as_text().map_or(Ok(None), |text| self.hear(text))? {
                        say(socket, answer).await?;
                    }
                }
            }
        }
    }

    fn app(&self) -> Result<Arc<App>, Ended> {
        self.app.upgrade().ok_or(Ended)
    }

    /// Whether the client wants to hear of something. The deletion of several documents is told to the whole workspace.
    fn concerns(&self, notice: &Notice) -> bool {
        let wanted = match &self.subject {
            Subject::Task(task) => notice.task() == task,
            Subject::Pipeline { .. } if matches!(notice, Notice::Bulk(_)) => true,
            Subject::Pipeline { subscribed } => {
                let chooses = self.app.upgrade().is_some_and(|app| app.config.era == Era::C);
                !chooses || subscribed.contains(notice.task())
            }
        };
        notice.is_in(&self.place) && wanted
    }

    /// What a client says, and the answer to it. What is not understood is passed over.
    fn hear(&mut self, text: &str) -> Result<Option<String>, Ended> {
        let app = self.app()?;
        let space = app.spaces.get(&self.place);
        if text.trim() == "status" {
            // With authentication, the state of the pipeline is for no single workspace.
            let is_told =
                matches!(self.subject, Subject::Task(_)) || app.config.era == Era::B || !app.config.auth;
            return Ok(space.filter(|_| is_told).map(|space| frame::status(&space.contents())));
        }
        let Ok(command) = serde_json::from_str(text) else { return Ok(None) };
        // There may be nothing in the workspace yet.
        Ok(match (command, &mut self.subject) {
            (Command::Cancel { track_id }, Subject::Task(task)) if track_id != *task => None,
            (Command::Cancel { track_id }, _) if self.may_cancel => {
                space.and_then(|space| cancelling::cancel_task(&app, &space, &track_id));
                None
            }
            (Command::Ping, Subject::Pipeline { .. }) => Some(frame::heartbeat(app.clock.timestamp())),
            (Command::Subscribe { track_ids }, Subject::Pipeline { subscribed }) => {
                let contents = space.as_ref().map(|space| space.contents());
                let is_known = |track: &TrackId| {
                    contents.as_ref().is_some_and(|contents| contents.tasks.get(track).is_some())
                };
                let requested = track_ids.len();
                let mut accepted = Vec::new();
                for track in track_ids {
                    let has_room = subscribed.len() < MAX_TASKS || subscribed.contains(&track);
                    if has_room && is_known(&track) {
                        subscribed.insert(track.clone());
                        accepted.push(track);
                    }
                }
                Some(frame::subscribed(&accepted, requested))
            }
            (Command::Unsubscribe { track_ids }, Subject::Pipeline { subscribed }) => {
                subscribed.retain(|track| !track_ids.contains(track));
                None
            }
            _ => None,
        })
    }
}

async fn say(socket: &mut Socket, text: String) -> Result<(), Ended> {
    match timeout(SEND_LIMIT, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Ended),
    }
}
