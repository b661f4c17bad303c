//! [`ProcessingEvents`]: what happens to documents, as it happens.

use tokio::sync::broadcast;

use crate::notice::{Notice, ProcessingEvent};

/// How many events a slow subscriber may be behind before it loses the oldest.
const CAPACITY: usize = 1024;

/// The events of a server since the subscription, in order.
///
/// ```
/// use edgequake_devserver::DevServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = DevServer::builder().start().await?;
/// let mut events = server.processing_events();
///
/// // ... upload a document, and then wait without polling ...
///
/// # drop(server);
/// while let Some(event) = events.next().await {
///     println!("{} is {} ({})", event.document_id, event.status, event.stage);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ProcessingEvents(broadcast::Receiver<Notice>);

impl ProcessingEvents {
    /// The next event; `None` once the server is gone. A subscriber that is more than 1,024 events behind
    /// loses the oldest.
    pub async fn next(&mut self) -> Option<ProcessingEvent> {
        loop {
            if let Ok(event) = self.next_or_lost().await? {
                return Some(event);
            }
        }
    }

    /// The next event, or how many were lost before it.
    pub(crate) async fn next_or_lost(&mut self) -> Option<Result<ProcessingEvent, u64>> {
        loop {
            match self.next_notice().await? {
                Ok(Notice::Document(event)) => return Some(Ok(*event)),
                Ok(_) => {}
                Err(count) => return Some(Err(count)),
            }
        }
    }

    /// The next of all that happens, or how much was lost before it.
    pub(crate) async fn next_notice(&mut self) -> Option<Result<Notice, u64>> {
        match self.0.recv().await {
            Ok(notice) => Some(Ok(notice)),
            Err(broadcast::error::RecvError::Lagged(count)) => Some(Err(count)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// Where events are published.
#[derive(Debug, Clone)]
pub(crate) struct Bus(broadcast::Sender<Notice>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }
}

impl Bus {
    pub(crate) fn publish(&self, notice: impl Into<Notice>) {
        // Nobody listens most of the time.
        let _ = self.0.send(notice.into());
    }

    pub(crate) fn subscribe(&self) -> ProcessingEvents {
        ProcessingEvents(self.0.subscribe())
    }
}
