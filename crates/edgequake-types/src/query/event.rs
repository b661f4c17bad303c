//! [`QueryEvent`]: the events of a streamed answer, in the three forms that servers send.
//!
//! Most servers send JSON objects told apart by `type`. The first ones, and any server asked for `v1`, send the raw text
//! of the answer. The first payload that means something decides which of the two a stream is.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{QueryMode, QueryStats, Source, Subgraph};
use crate::{DecodeError, EncodeError, ErrorBody, Event, StreamFailure, from_json, tolerant};

/// One event of a streamed answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum QueryEvent {
    /// What the answer will be based on; the first event.
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
        bundle: Option<Value>,
    },
    /// A piece of the answer. Not a word: blanks at both ends belong to it.
    Token {
        /// The text; may be empty.
        content: String,
    },
    /// What the model, or the server, is thinking about. No part of the answer.
    Thinking {
        /// The text.
        content: String,
    },
    /// The end of a complete answer.
    Done {
        /// How long it took and what it used.
        #[serde(skip_serializing_if = "Option::is_none")]
        stats: Option<QueryStats>,
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
    Error {
        /// The server's text.
        message: String,
        /// The server's code, such as `STREAM_ERROR`; an open set.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// An event of a kind that this version does not know, as the server sent it.
    #[serde(untagged)]
    Unknown(Value),
}

/// What a stream of [`QueryEvent`]s has shown of its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryFraming {
    /// Nothing that decides it. Holds what has come so far, because it may turn out to be text.
    Undecided {
        /// Blanks, and empty objects.
        held: String,
    },
    /// Every payload is a JSON object.
    Json,
    /// Every payload is a piece of the answer's text.
    Text,
    /// The mark `[DONE]` was seen: what follows is no part of the stream.
    Ended,
}

impl Default for QueryFraming {
    fn default() -> Self {
        Self::Undecided { held: String::new() }
    }
}

impl Event for QueryEvent {
    type Framing = QueryFraming;

    // Compiled where it is called, as the models are.
    #[inline]
    fn decode(payload: &str, framing: &mut QueryFraming) -> Result<Option<Self>, DecodeError> {
        // No server sends this mark today, but their documents speak of it.
        if payload.trim() == "[DONE]" {
            *framing = QueryFraming::Ended;
        }
        match framing {
            QueryFraming::Ended => Ok(None),
            QueryFraming::Text => Ok(Some(Self::Token { content: payload.to_owned() })),
            QueryFraming::Json if is_void(payload) => Ok(None),
            QueryFraming::Json => decode_object(payload).map(Some),
            QueryFraming::Undecided { held } => {
                if is_void(payload) {
                    held.push_str(payload);
                    return Ok(None);
                }
                if is_event(payload) {
                    *framing = QueryFraming::Json;
                    return decode_object(payload).map(Some);
                }
                let content = std::mem::take(held) + payload;
                *framing = QueryFraming::Text;
                Ok(Some(Self::Token { content }))
            }
        }
    }

    #[inline]
    fn encode(&self) -> Result<String, EncodeError> {
        serde_json::to_string(self).map_err(EncodeError::Serialize)
    }

    fn is_final(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    fn may_end(framing: &QueryFraming) -> bool {
        matches!(framing, QueryFraming::Text | QueryFraming::Ended)
    }

    fn failure(&self) -> Option<StreamFailure> {
        match self {
            Self::Error { message, code } => Some(StreamFailure {
                code: code.clone(),
                message: message.clone(),
                retry_after_seconds: None,
            }),
            _ => None,
        }
    }
}

/// Whether a payload carries nothing as an event: blank, or the empty object that stands for an event that the server
/// could not write.
#[inline]
fn is_void(payload: &str) -> bool {
    let payload = payload.trim();
    payload.is_empty() || payload == "{}" || payload == "null"
}

/// Whether a payload is an event rather than a piece of text: an object with a field by which events are told apart.
#[inline]
fn is_event(payload: &str) -> bool {
    const KNOWN: [&str; 8] = ["type", "content", "chunk", "token", "choices", "error", "code", "done"];
    // Cut or broken, but meant as an event: an error is better than braces in the answer.
    payload.trim_start().starts_with("{\"type\":")
        || serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(payload.as_bytes())
            .is_ok_and(|fields| KNOWN.iter().any(|name| fields.contains_key(*name)))
}

#[inline]
fn decode_object(payload: &str) -> Result<QueryEvent, DecodeError> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type", default, deserialize_with = "tolerant::if_readable")]
        kind: Option<String>,
    }
    #[derive(Deserialize)]
    struct Context {
        #[serde(default, deserialize_with = "tolerant::or_default")]
        sources: Vec<Source>,
        query_mode: Option<QueryMode>,
        #[serde(default, deserialize_with = "tolerant::optional_count")]
        retrieval_time_ms: Option<u64>,
        subgraph: Option<Subgraph>,
        bundle: Option<Value>,
    }
    #[derive(Deserialize)]
    struct Text {
        #[serde(default, deserialize_with = "tolerant::or_default")]
        content: String,
    }
    #[derive(Deserialize)]
    struct Done {
        stats: Option<QueryStats>,
        llm_provider: Option<String>,
        llm_model: Option<String>,
        answer: Option<String>,
    }
    let json = payload.as_bytes();
    let kind = from_json::<Kind>(json)?.kind;
    Ok(match kind.as_deref() {
        Some("token") => QueryEvent::Token { content: from_json::<Text>(json)?.content },
        Some("thinking") => QueryEvent::Thinking { content: from_json::<Text>(json)?.content },
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
        None => untyped(from_json(json)?),
    })
}

/// An event without `type`: the forms that documents and gateways show.
#[inline]
fn untyped(fields: Map<String, Value>) -> QueryEvent {
    let present = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let delta = || fields.get("choices")?.get(0)?.get("delta")?.get("content")?.as_str();
    if present("error") || (present("code") && present("message")) {
        return failure(fields);
    }
    match text("content").or(text("chunk")).or(text("token")).or_else(delta) {
        Some(content) => QueryEvent::Token { content: content.to_owned() },
        None if fields.get("done") == Some(&Value::Bool(true)) => {
            QueryEvent::Done { stats: None, llm_provider: None, llm_model: None, answer: None }
        }
        None => QueryEvent::Unknown(Value::Object(fields)),
    }
}

/// A failure; its fields are those of any error body.
#[inline]
fn failure(mut fields: Map<String, Value>) -> QueryEvent {
    // In an error body `type` names the problem, here it names the event.
    fields.remove("type");
    let ErrorBody { code, message, .. } = ErrorBody::from_fields(&fields);
    let message =
        if message.is_empty() { "the server reported a failure without a text".to_owned() } else { message };
    QueryEvent::Error { message, code: (!code.is_empty()).then_some(code) }
}
