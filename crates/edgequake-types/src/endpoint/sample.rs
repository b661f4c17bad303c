//! [`Sample`]: an operation as functions that read a recorded body by its types and write it again.
//!
//! For `cargo xtask samples`, which has bodies and the names of operations, and no types. Only with the feature `__samples`: the
//! functions are compiled for every operation, which no ordinary user should pay for. No part of the public interface.

use bytes::Bytes;
use http::response::Parts;
use http::{Request, Response, request};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{Decode, Download, Events, Lines};
use super::body::Body;
use super::event::{Event, EventText};
use super::{Endpoint, Operation};
use crate::error::DecodeError;
use crate::json::from_json;
use crate::tolerant::First;

/// Why a sample could not be read, or not be written again.
pub type SampleError = Box<dyn std::error::Error + Send + Sync>;

/// The events of a stream, each with its name, and what was written of them. `None` for one that carries nothing.
pub type ReplayEvents = fn(&[NamedEvent]) -> Vec<ReplayedEvent>;

/// Name and payload.
pub type NamedEvent = (Option<String>, String);

/// What was written of an event.
pub type ReplayedEvent = Result<Option<EventText>, SampleError>;

/// An operation with the functions of its types.
pub struct Sample {
    /// The row of the operation.
    pub operation: Operation,
    /// Reads an answer and writes it again.
    pub answer: Replay,
    /// Reads a request and writes it again.
    pub request: fn(&request::Parts, &[u8]) -> Result<Request<Body>, SampleError>,
}

/// The form of an answer, with the function that reads it and writes it again.
#[derive(Clone, Copy)]
pub enum Replay {
    /// A whole body.
    Whole(fn(&Parts, Bytes) -> Result<Response<Bytes>, SampleError>),
    /// The events of one stream.
    Events(ReplayEvents),
    /// One line of JSON.
    Line(fn(&[u8]) -> Result<Vec<u8>, SampleError>),
    /// Passed on as it comes.
    Bytes,
}

impl Sample {
    /// The row of an endpoint.
    pub const fn of<E>(group: &'static str) -> Self
    where
        E: Endpoint<Response: Sampled>,
    {
        Self { operation: Operation::of::<E>(group), answer: E::Response::REPLAY, request: request::<E> }
    }
}

/// An answer whose form is known.
pub trait Sampled {
    /// The form.
    const REPLAY: Replay;
}

impl<T: Decode> Sampled for T {
    const REPLAY: Replay = Replay::Whole(whole::<T>);
}

impl<E: Event> Sampled for Events<E> {
    const REPLAY: Replay = Replay::Events(events::<E>);
}

impl<T: DeserializeOwned + Serialize> Sampled for Lines<T> {
    const REPLAY: Replay = Replay::Line(line::<T>);
}

impl Sampled for Download {
    const REPLAY: Replay = Replay::Bytes;
}

fn whole<T: Decode>(head: &Parts, body: Bytes) -> Result<Response<Bytes>, SampleError> {
    Ok(T::decode(head, body)?.encode()?)
}

fn events<E: Event>(events: &[NamedEvent]) -> Vec<ReplayedEvent> {
    let mut framing = E::Framing::default();
    let mut replay = |name: Option<&str>, payload: &str| {
        let event = E::decode(name, payload, &mut framing)?;
        Ok(event.map(|event| event.encode()).transpose()?)
    };
    events.iter().map(|(name, payload)| replay(name.as_deref(), payload)).collect()
}

fn line<T: DeserializeOwned + Serialize>(text: &[u8]) -> Result<Vec<u8>, SampleError> {
    Ok(serde_json::to_vec(&from_json::<T>(text)?)?)
}

fn request<E: Endpoint>(parts: &request::Parts, body: &[u8]) -> Result<Request<Body>, SampleError> {
    Ok(E::from_request(parts, body)?.to_request()?)
}

/// Any JSON as the models read it: of a key that comes twice the first value that is not `null` counts.
///
/// # Errors
///
/// [`DecodeError`] naming the place.
pub fn any(json: &[u8]) -> Result<serde_json::Value, DecodeError> {
    from_json(json).map(|First(value)| value)
}
