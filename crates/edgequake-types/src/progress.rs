//! What the server says over its WebSockets while it processes documents, and what it is told there
//! (`/ws/pipeline/progress`, `/ws/progress/{task_id}`).
//!
//! Every frame is a JSON text `{"type": ..., "data": {...}}`. What this version does not know is kept as it came, so that nothing that a
//! newer server says is an error. No event is the end of a document for sure: ask for the document then.
//!
//! ```
//! use edgequake_types::progress::{ProgressCommand, ProgressEvent};
//!
//! let subscribe = ProgressCommand::subscribe(["insert-77aa"]);
//! assert_eq!(subscribe.to_text(), r#"{"type":"subscribe","track_ids":["insert-77aa"]}"#);
//!
//! let event = ProgressEvent::from_text(r#"{"type":"DocumentFailed","data":{"document_id":"6f0c","error":"no model"}}"#)?;
//! let ProgressEvent::DocumentFailed(failed) = event else { panic!("{event:?}") };
//! assert_eq!(failed.error.as_deref(), Some("no model"));
//!
//! let newer = ProgressEvent::from_text(r#"{"type":"TeaReady","data":{"cups":2}}"#)?;
//! assert_eq!((newer.name(), &newer.data()["cups"]), ("TeaReady", &2.into()));
//! # Ok::<(), edgequake_types::DecodeError>(())
//! ```

mod command;
mod event;
mod frames;

pub use command::ProgressCommand;
pub use event::{OtherEvent, ProgressEvent};
pub use frames::*;
