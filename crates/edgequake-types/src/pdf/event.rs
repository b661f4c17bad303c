//! [`PdfProgressEvent`]: the events of [`StreamPdfProgress`].

use super::*;
use crate::ErrorBody;

/// One event of the progress of a PDF.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PdfProgressEvent {
    /// How far it has come; the last one says that it is over.
    Progress(Box<PdfProgress>),
    /// It is over. The progress, where the server sends it again, says whether it went well.
    Complete(Option<Box<PdfProgress>>),
    /// It failed.
    Failed(StreamFailure),
    /// An event that this version does not know, as the server sent it.
    Unknown(Value),
}

impl PdfProgressEvent {
    /// The progress that the event tells.
    pub fn progress(&self) -> Option<&PdfProgress> {
        match self {
            Self::Progress(progress) | Self::Complete(Some(progress)) => Some(progress),
            _ => None,
        }
    }
}

impl Event for PdfProgressEvent {
    type Framing = ();

    #[inline]
    fn decode(name: Option<&str>, payload: &str, _framing: &mut ()) -> Result<Option<Self>, DecodeError> {
        let text = payload.trim();
        let is_void = matches!(text, "" | "{}" | "null");
        Ok(Some(match name {
            Some("complete") => {
                let Some(progress) =
                    (if is_void { None } else { Some(from_json::<Value>(text.as_bytes())?) })
                else {
                    return Ok(Some(Self::Complete(None)));
                };
                // A text, or an object that is no progress, says no more than its name.
                Self::Complete(
                    tolerant::nested::<PdfProgress, serde_json::Error>(&progress).ok().map(Box::new),
                )
            }
            Some("error") => Self::Failed(failure(text)),
            _ if is_void => return Ok(None),
            _ => match from_json::<Value>(text.as_bytes())? {
                Value::Object(fields) if fields.contains_key("phases") => {
                    Self::Progress(Box::new(from_json(text.as_bytes())?))
                }
                Value::Object(fields) if fields.get("error").is_some_and(|error| !error.is_null()) => {
                    Self::Failed(failure(text))
                }
                other => Self::Unknown(other),
            },
        }))
    }

    #[inline]
    fn encode(&self) -> Result<EventText, EncodeError> {
        let written = |value: Result<String, serde_json::Error>| value.map_err(EncodeError::Serialize);
        Ok(match self {
            Self::Progress(progress) => EventText::unnamed(written(serde_json::to_string(progress))?),
            Self::Complete(progress) => {
                EventText::named("complete", written(serde_json::to_string(progress))?)
            }
            Self::Failed(failure) => {
                let StreamFailure { code, message, retry_after_seconds } = failure;
                let mut fields = Map::from_iter([("message".to_owned(), message.as_str().into())]);
                fields.extend(code.as_deref().map(|code| ("code".to_owned(), code.into())));
                fields
                    .extend(retry_after_seconds.map(|wait| ("retry_after_seconds".to_owned(), wait.into())));
                EventText::named("error", Value::Object(fields).to_string())
            }
            Self::Unknown(value) => EventText::unnamed(value.to_string()),
        })
    }

    fn is_final(&self) -> bool {
        match self {
            Self::Progress(progress) => progress.is_finished(),
            Self::Complete(_) => true,
            Self::Failed(_) | Self::Unknown(_) => false,
        }
    }

    fn failure(&self) -> Option<StreamFailure> {
        match self {
            Self::Failed(failure) => Some(failure.clone()),
            _ => None,
        }
    }
}

/// A failure, whatever its shape.
#[cold]
fn failure(payload: &str) -> StreamFailure {
    let fields = match serde_json::from_str(payload) {
        Ok(Value::Object(fields)) => fields,
        Ok(Value::String(text)) => Map::from_iter([("message".to_owned(), text.into())]),
        _ => Map::from_iter([("message".to_owned(), payload.into())]),
    };
    let ErrorBody { code, message, retry_after_seconds, .. } = ErrorBody::from_fields(&fields);
    let message =
        if message.is_empty() { "the server reported a failure without a text".to_owned() } else { message };
    StreamFailure { code: (!code.is_empty()).then_some(code), message, retry_after_seconds }
}
