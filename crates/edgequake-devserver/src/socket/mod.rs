//! WebSockets that tell how processing goes: `/ws/pipeline/progress` for a workspace, `/ws/progress/{track_id}` for a task.

mod frame;
mod handshake;
mod session;

pub(crate) use self::handshake::accept;
pub(crate) use self::session::{Session, Subject};

/// Whether the server of a connection stops, as an extension of its requests. The server waits until nobody holds this any more.
#[derive(Debug, Clone)]
pub(crate) struct Closing(pub(crate) tokio::sync::watch::Receiver<bool>);

impl Closing {
    /// Waits until the server stops, or is gone.
    pub(crate) async fn closed(&mut self) {
        let _ = self.0.wait_for(|closing| *closing).await;
    }
}
