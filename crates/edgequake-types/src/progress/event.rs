//! [`ProgressEvent`]: what a server says.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::frames::*;
use crate::error::DecodeError;
use crate::id::{DocumentId, TrackId};
use crate::json::from_json;
use crate::pdf::PdfProgress;

/// An event of a name, or a form, that this version does not know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OtherEvent {
    /// Its name, the `type` of the frame.
    pub name: String,
    /// What it says, the `data` of the frame.
    pub data: Value,
}

/// Declares the events, and how each is read and written.
macro_rules! events {
    ($($(#[$docs:meta])* $name:ident($data:ty),)*) => {
        /// What a server says while it processes documents.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum ProgressEvent {
            $($(#[$docs])* $name($data),)*
            /// A cancellation of the pipeline was asked for.
            CancellationRequested,
            /// Something that this version does not know, as it came.
            Other(OtherEvent),
        }

        impl ProgressEvent {
            fn read(name: String, data: Value) -> Self {
                match name.as_str() {
                    $(stringify!($name) => {
                        if let Ok(read) = serde_json::from_value::<$data>(data.clone()) {
                            return Self::$name(read);
                        }
                    })*
                    "CancellationRequested" => return Self::CancellationRequested,
                    _ => {}
                }
                Self::Other(OtherEvent { name, data })
            }

            /// Its name, the `type` of the frame.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                    Self::CancellationRequested => "CancellationRequested",
                    Self::Other(other) => &other.name,
                }
            }

            /// What it says, the `data` of the frame; `null` where there is none.
            pub fn data(&self) -> Value {
                match self {
                    // Models are always written.
                    $(Self::$name(data) => serde_json::to_value(data).unwrap_or_default(),)*
                    Self::CancellationRequested => Value::Null,
                    Self::Other(other) => other.data.clone(),
                }
            }
        }
    };
}

events! {
    /// The first event.
    Connected(Connected),
    /// The connection is alive: every 30 s, and after a ping.
    Heartbeat(Heartbeat),
    /// How far the pipeline has come.
    StatusSnapshot(StatusSnapshot),
    /// A job of the pipeline has begun.
    JobStarted(JobStarted),
    /// A document is done.
    DocumentProgress(DocumentProgress),
    /// A document has failed.
    DocumentFailed(DocumentFailed),
    /// A batch is done.
    BatchCompleted(BatchCompleted),
    /// A job of the pipeline is done.
    JobFinished(JobFinished),
    /// A message. One of the level `warn` says that events were dropped, because they were not read in time: ask for the state.
    Message(Message),
    /// A chunk has failed.
    ChunkFailure(ChunkFailure),
    /// A page of a PDF was converted.
    PdfPageProgress(PdfPageProgress),
    /// A chunk is done.
    ChunkProgress(ChunkProgress),
    /// A document has come to another stage.
    StageTransition(StageTransition),
    /// The graph of a document is being stored.
    GraphStorageProgress(GraphStorageProgress),
    /// A document is being deleted.
    DeletionStarted(DeletionStarted),
    /// Deleting a document has come further.
    DeletionPhase(DeletionPhase),
    /// A document is deleted.
    DeletionCompleted(DeletionCompleted),
    /// A document could not be deleted.
    DeletionFailed(DeletionFailed),
    /// Many documents are being deleted.
    BulkDeletionStarted(BulkDeletionStarted),
    /// One of many documents is deleted.
    BulkDeletionItemProgress(BulkDeletionItemProgress),
    /// Many documents are deleted.
    BulkDeletionCompleted(BulkDeletionCompleted),
    /// Many documents could not be deleted.
    BulkDeletionFailed(BulkDeletionFailed),
    /// What was subscribed to.
    SubscribedAck(SubscribedAck),
    /// How far a PDF has come; where the WebSocket is about one task, after the first event.
    ProgressSnapshot(PdfProgress),
}

impl ProgressEvent {
    /// Reads the text of a frame. What is JSON and no event is kept as [`Other`](Self::Other), without a name.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for a text that is no JSON.
    pub fn from_text(text: &str) -> Result<Self, DecodeError> {
        let mut frame: Value = from_json(text.as_bytes())?;
        let name = frame.get("type").and_then(Value::as_str).map(str::to_owned);
        let Some(name) = name else {
            return Ok(Self::Other(OtherEvent { name: String::new(), data: frame }));
        };
        // An event may be told without `data`: what there is stands beside the name then.
        let data = match frame.get_mut("data") {
            Some(data) => data.take(),
            None => {
                let fields = frame.as_object_mut().map(std::mem::take).unwrap_or_default();
                let fields: Map<_, _> = fields.into_iter().filter(|(name, _)| name != "type").collect();
                if fields.is_empty() { Value::Null } else { Value::Object(fields) }
            }
        };
        Ok(Self::read(name, data))
    }

    /// The text of the frame.
    pub fn to_text(&self) -> String {
        let (name, data) = (self.name(), self.data());
        let frame =
            if data.is_null() { json!({ "type": name }) } else { json!({ "type": name, "data": data }) };
        frame.to_string()
    }

    /// The document that it is about.
    pub fn document_id(&self) -> Option<&DocumentId> {
        Some(match self {
            Self::DocumentProgress(it) => &it.document_id,
            Self::DocumentFailed(it) => &it.document_id,
            Self::ChunkFailure(it) => &it.document_id,
            Self::ChunkProgress(it) => &it.document_id,
            Self::StageTransition(it) => &it.document_id,
            Self::GraphStorageProgress(it) => &it.document_id,
            Self::DeletionStarted(it) => &it.document_id,
            Self::DeletionPhase(it) => &it.document_id,
            Self::DeletionCompleted(it) => &it.document_id,
            Self::DeletionFailed(it) => &it.document_id,
            Self::BulkDeletionItemProgress(it) => &it.document_id,
            Self::ProgressSnapshot(it) => return it.document_id.as_ref(),
            _ => return None,
        })
    }

    /// The task that it is about, where it says so.
    pub fn task_id(&self) -> Option<&TrackId> {
        match self {
            Self::ChunkFailure(it) => it.task_id.as_ref(),
            Self::PdfPageProgress(it) => it.task_id.as_ref(),
            Self::ChunkProgress(it) => it.task_id.as_ref(),
            Self::StageTransition(it) => it.task_id.as_ref(),
            Self::GraphStorageProgress(it) => it.track_id.as_ref(),
            Self::DeletionStarted(it) => it.track_id.as_ref(),
            Self::DeletionPhase(it) => it.track_id.as_ref(),
            Self::DeletionCompleted(it) => it.track_id.as_ref(),
            Self::DeletionFailed(it) => it.track_id.as_ref(),
            Self::ProgressSnapshot(it) => Some(&it.track_id),
            _ => None,
        }
    }

    /// Whether it says that events were dropped, because they were not read in time: what is followed has to be asked for then.
    pub fn is_lagged(&self) -> bool {
        matches!(self, Self::Message(message) if message.level == "warn")
    }
}

/// As the frame is.
impl Serialize for ProgressEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "type": self.name(), "data": self.data() }).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_written_as_they_are_read() {
        for text in [
            r#"{"data":{"message":"m"},"type":"Connected"}"#,
            r#"{"type":"CancellationRequested"}"#,
            r#"{"data":{"document_id":"d","task_id":"t","stage":"embedding","stage_message":"m","stage_progress":0.5},"type":"StageTransition"}"#,
            r#"{"data":{"accepted":["t"],"requested":2},"type":"SubscribedAck"}"#,
            r#"{"data":{"cups":2},"type":"TeaReady"}"#,
        ] {
            let event = ProgressEvent::from_text(text).unwrap();
            let (read, written): (Value, Value) =
                (serde_json::from_str(text).unwrap(), serde_json::from_str(&event.to_text()).unwrap());
            assert_eq!(written, read);
            assert_eq!(ProgressEvent::from_text(&event.to_text()).unwrap(), event);
        }
    }

    #[test]
    fn what_is_missing_or_odd_is_no_error() {
        for (text, name) in [
            (r#"{"type":"Heartbeat"}"#, "Heartbeat"),
            (r#"{"type":"Message","level":"warn","message":"m"}"#, "Message"),
            (r#"{"type":"DocumentFailed","data":{"document_id":7}}"#, "DocumentFailed"),
            (r#"{"type":7}"#, ""),
            ("[1]", ""),
        ] {
            assert_eq!(ProgressEvent::from_text(text).unwrap().name(), name, "{text}");
        }
        let lagged =
            ProgressEvent::from_text(r#"{"type":"Message","data":{"level":"warn","message":"m"}}"#).unwrap();
        assert!(lagged.is_lagged());
        ProgressEvent::from_text("status").unwrap_err();
    }

    #[test]
    fn what_an_event_is_about() {
        let about = |text: &str| {
            let event = ProgressEvent::from_text(text).unwrap();
            (event.document_id().map(ToString::to_string), event.task_id().map(ToString::to_string))
        };
        let id = |text: &str| Some(text.to_owned());
        assert_eq!(
            about(r#"{"type":"StageTransition","data":{"document_id":"d","task_id":"t","stage":"s"}}"#),
            (id("d"), id("t"))
        );
        assert_eq!(about(r#"{"type":"DocumentFailed","data":{"document_id":"d"}}"#), (id("d"), None));
        assert_eq!(about(r#"{"type":"JobFinished","data":{}}"#), (None, None));
    }
}
