//! [`QueryEvent`]: the events of a streamed answer, in the three forms that servers send.
//!
//! Most servers send JSON objects told apart by `type`. The first ones, and any server asked for `v1`, send the raw text
//! of the answer. The first payload that means something decides which of the two a stream is: one that begins like an object is
//! an event, or a broken one, and never a piece of the answer. An event among pieces of text is an event, too. Names of events,
//! which a gateway may add, count where the payload itself does not say what it is.

mod wire;

use serde::Serialize;
use serde::de::Error as _;

use self::wire::{Context, Done, Head};
use super::*;
use crate::ErrorBody;

/// One event of a streamed answer.
///
/// A server makes it with a constructor, and sets what that leaves out in place:
///
/// ```
/// use edgequake_types::Event;
/// use edgequake_types::query::{QueryEvent, QueryMode};
///
/// let mut event = QueryEvent::context(Vec::new());
/// if let QueryEvent::Context { query_mode, retrieval_time_ms, .. } = &mut event {
///     *query_mode = Some(QueryMode::Mix);
///     *retrieval_time_ms = Some(14);
/// }
/// let written = event.encode()?;
/// assert_eq!(written.payload, r#"{"type":"context","sources":[],"query_mode":"mix","retrieval_time_ms":14}"#);
/// # Ok::<(), edgequake_types::EncodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum QueryEvent {
    /// What the answer will be based on; the first event.
    #[non_exhaustive]
    Context {
        /// The sources; may be empty.
        sources: Vec<Source>,
        /// How the graph was really searched.
        #[serde(skip_serializing_if = "Option::is_none")]
        query_mode: Option<QueryMode>,
        /// How long the search took, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        retrieval_time_ms: Option<u64>,
        /// The part of the graph that was searched.
        #[serde(skip_serializing_if = "Option::is_none")]
        subgraph: Option<Subgraph>,
        /// Everything that was found, in the form `v3` only.
        #[serde(skip_serializing_if = "Option::is_none")]
        bundle: Option<Box<ContextBundle>>,
    },
    /// A piece of the answer. Not a word: blanks at both ends belong to it.
    #[non_exhaustive]
    Token {
        /// The text; may be empty.
        content: String,
    },
    /// What the model, or the server, is thinking about. No part of the answer.
    #[non_exhaustive]
    Thinking {
        /// The text.
        content: String,
    },
    /// The end of a complete answer.
    #[non_exhaustive]
    Done {
        /// How long it took and what it used.
        #[serde(skip_serializing_if = "Option::is_none")]
        stats: Option<Box<QueryStats>>,
        /// The provider of the model.
        #[serde(skip_serializing_if = "Option::is_none")]
        llm_provider: Option<String>,
        /// The model that wrote the answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        llm_model: Option<String>,
        /// The checked text of the whole answer, which replaces the tokens; newest servers only.
        #[serde(skip_serializing_if = "Option::is_none")]
        answer: Option<String>,
    },
    /// A failure after the stream had begun; the last event.
    #[non_exhaustive]
    Error {
        /// The server's text.
        message: String,
        /// The server's code, such as `STREAM_ERROR`; an open set.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// How long to wait before another try, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_seconds: Option<u64>,
    },
    /// An event of a kind that this version does not know, as the server sent it.
    #[serde(untagged)]
    Unknown(Value),
}

/// What a stream of [`QueryEvent`]s has shown of its form: the state of reading it, which begins with the default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryFraming(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Nothing that decides it. Holds what has come so far, because it may turn out to be text.
    Undecided {
        /// Blanks, and the word `null`.
        held: String,
    },
    /// Every payload is a JSON object.
    Json,
    /// Every payload is a piece of the answer's text.
    Text,
    /// The mark `[DONE]` was seen: what follows is no part of the stream.
    Ended,
}

impl Default for Form {
    fn default() -> Self {
        Self::Undecided { held: String::new() }
    }
}

impl QueryEvent {
    /// The context: these sources and nothing else.
    pub fn context(sources: Vec<Source>) -> Self {
        Self::Context { sources, query_mode: None, retrieval_time_ms: None, subgraph: None, bundle: None }
    }

    /// A piece of the answer.
    pub fn token(content: impl Into<String>) -> Self {
        Self::Token { content: content.into() }
    }

    /// A thought.
    pub fn thinking(content: impl Into<String>) -> Self {
        Self::Thinking { content: content.into() }
    }

    /// The end, with or without figures; the provider and the model are those that the figures name.
    pub fn done(stats: impl Into<Option<QueryStats>>) -> Self {
        let stats = stats.into().map(Box::new);
        let (llm_provider, llm_model) = match &stats {
            Some(stats) => (stats.llm_provider.clone(), stats.llm_model.clone()),
            None => (None, None),
        };
        Self::Done { stats, llm_provider, llm_model, answer: None }
    }

    /// A failure.
    pub fn error(failure: StreamFailure) -> Self {
        let StreamFailure { code, message, retry_after_seconds } = failure;
        Self::Error { message, code, retry_after_seconds }
    }
}

/// The kinds of events, which are also their names.
const NAMES: [&str; 5] = ["context", "token", "thinking", "done", "error"];

impl Event for QueryEvent {
    type Framing = QueryFraming;

    // Compiled where it is called, as the models are.
    #[inline]
    fn decode(
        name: Option<&str>,
        payload: &str,
        QueryFraming(form): &mut QueryFraming,
    ) -> Result<Option<Self>, DecodeError> {
        // Any other name is the transport's own, such as `message`.
        let foreign = name.is_some_and(|name| name != "message" && !NAMES.contains(&name));
        let name = name.filter(|name| NAMES.contains(name));
        Ok(Some(match form {
            Form::Ended => return Ok(None),
            _ if name == Some("error") => named_failure(payload),
            // No server sends this mark today, but their documents speak of it.
            _ if payload.trim() == "[DONE]" => {
                *form = Form::Ended;
                return Ok(None);
            }
            // The end needs no payload.
            _ if name == Some("done") && (is_void(payload) || !is_braced(payload)) => Self::done(None),
            Form::Text if is_event_in_text(payload) => object(name, foreign, payload)?,
            Form::Text => text(name, payload.to_owned())?,
            Form::Json if is_void(payload) => return Ok(None),
            Form::Json => object(name, foreign, payload)?,
            Form::Undecided { .. } if is_braced(payload) => {
                *form = Form::Json;
                if is_void(payload) {
                    return Ok(None);
                }
                object(name, foreign, payload)?
            }
            Form::Undecided { held } if is_void(payload) => {
                held.push_str(payload);
                return Ok(None);
            }
            Form::Undecided { held } => {
                let content = std::mem::take(held) + payload;
                *form = Form::Text;
                text(name, content)?
            }
        }))
    }

    #[inline]
    fn encode(&self) -> Result<EventText, EncodeError> {
        serde_json::to_string(self).map(EventText::unnamed).map_err(EncodeError::Serialize)
    }

    fn is_final(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    fn may_end(framing: &QueryFraming) -> bool {
        matches!(framing.0, Form::Text | Form::Ended)
    }

    fn failure(&self) -> Option<StreamFailure> {
        let Self::Error { message, code, retry_after_seconds } = self else { return None };
        let mut failure = StreamFailure::new(message);
        failure.code.clone_from(code);
        failure.retry_after_seconds = *retry_after_seconds;
        Some(failure)
    }
}

/// Whether a payload carries nothing as an event: blank, or the empty object that stands for an event that the server
/// could not write.
#[inline]
fn is_void(payload: &str) -> bool {
    let payload = payload.trim();
    payload.is_empty() || payload == "{}" || payload == "null"
}

/// Whether a payload begins as an object does.
#[inline]
fn is_braced(payload: &str) -> bool {
    payload.trim_start().starts_with('{')
}

/// Whether a payload among pieces of text is an event: an object that says so by its `type`, whole or cut, or one that reports a
/// failure. No model writes as much of one as a single piece.
#[inline]
fn is_event_in_text(payload: &str) -> bool {
    if !is_braced(payload) {
        return false;
    }
    match serde_json::from_str::<Value>(payload) {
        Ok(Value::Object(fields)) => match fields.get("type").and_then(Value::as_str) {
            Some(kind) => NAMES.contains(&kind),
            None => is_failure(&fields),
        },
        Ok(_) => false,
        Err(_) => payload.trim_start().strip_prefix("{\"type\":\"").is_some_and(|rest| {
            let kind = rest.split('"').next().unwrap_or_default();
            if kind.len() < rest.len() {
                NAMES.contains(&kind)
            } else {
                NAMES.iter().any(|name| name.starts_with(kind))
            }
        }),
    }
}

/// Whether an object without `type` reports a failure beyond doubt.
#[inline]
fn is_failure(fields: &Map<String, Value>) -> bool {
    let present = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    present("error") || (present("code") && present("message"))
}

/// An event of a stream of text.
#[inline]
fn text(name: Option<&str>, content: String) -> Result<QueryEvent, DecodeError> {
    match name {
        Some("context" | "done") => object(name, false, &content),
        Some("thinking") if is_braced(&content) => object(name, false, &content),
        Some("thinking") => Ok(QueryEvent::thinking(content)),
        _ => Ok(QueryEvent::token(content)),
    }
}

/// An event of a stream of objects. `foreign`: it has a name that none of ours have.
#[inline]
fn object(name: Option<&str>, foreign: bool, payload: &str) -> Result<QueryEvent, DecodeError> {
    let json = payload.as_bytes();
    let Head { kind, content, chunk, token, error } = from_json(json)?;
    let named = [("content", content), ("chunk", chunk), ("token", token)];
    let content = || match named.into_iter().find_map(|(name, value)| Some((name, value?))) {
        None => Ok(String::new()),
        Some((_, Value::String(text))) => Ok(text),
        Some((name, _)) => {
            let source = serde_json::Error::custom("expected a string");
            Err(DecodeError::Json { path: name.to_owned(), source })
        }
    };
    Ok(match kind.as_deref().or(name.filter(|_| error.is_none())) {
        Some("token") => QueryEvent::token(content()?),
        Some("thinking") => QueryEvent::thinking(content()?),
        Some("context") => {
            let Context { sources, query_mode, retrieval_time_ms, subgraph, bundle } = from_json(json)?;
            QueryEvent::Context { sources, query_mode, retrieval_time_ms, subgraph, bundle }
        }
        Some("done") => {
            let Done { stats, llm_provider, llm_model, answer } = from_json(json)?;
            QueryEvent::Done { stats, llm_provider, llm_model, answer }
        }
        Some("error") => failure(from_json(json)?),
        Some(_) => QueryEvent::Unknown(from_json(json)?),
        None => untyped(foreign, from_json(json)?),
    })
}

/// An event without `type` and name: the forms that documents and gateways show.
#[inline]
fn untyped(foreign: bool, fields: Map<String, Value>) -> QueryEvent {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let delta = || fields.get("choices")?.get(0)?.get("delta")?.get("content")?.as_str();
    if is_failure(&fields) {
        return failure(fields);
    }
    match text("content").or(text("chunk")).or(text("token")).or_else(delta) {
        Some(content) => QueryEvent::token(content),
        None if fields.get("done") == Some(&Value::Bool(true)) => QueryEvent::done(None),
        // The body of an error, sent as an event.
        None if !foreign && ["message", "detail"].iter().any(|name| is_said(fields.get(*name))) => {
            failure(fields)
        }
        None => QueryEvent::Unknown(Value::Object(fields)),
    }
}

/// Whether there are words.
#[inline]
fn is_said(value: Option<&Value>) -> bool {
    match value {
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        _ => false,
    }
}

/// A failure; its fields are those of any error body.
#[inline]
fn failure(mut fields: Map<String, Value>) -> QueryEvent {
    // In an error body `type` names the problem, here it names the event.
    fields.remove("type");
    let ErrorBody { code, message, retry_after_seconds, .. } = ErrorBody::from_fields(&fields);
    let message =
        if message.is_empty() { "the server reported a failure without a text".to_owned() } else { message };
    QueryEvent::Error { message, code: (!code.is_empty()).then_some(code), retry_after_seconds }
}

/// A failure by its name, whatever its shape.
#[cold]
fn named_failure(payload: &str) -> QueryEvent {
    let text = match serde_json::from_str(payload) {
        Ok(Value::Object(fields)) => return failure(fields),
        Ok(Value::String(text)) => text,
        _ if is_void(payload) => String::new(),
        _ => payload.to_owned(),
    };
    failure(Map::from_iter([("message".to_owned(), text.into())]))
}
