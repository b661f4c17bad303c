//! [`Faults`]: the faults that are in force, and which of them hits a request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use serde::{Deserialize, Serialize};

use super::error::{ALL_STAGES, CAPACITY, CHUNK_LIMIT, FaultError, HEADER_LIMIT};
use super::random::Random;
use super::{Effect, Fault};

/// The maximum number of bytes of the texts of all faults.
const SIZE_LIMIT: usize = 64 * 1024 * 1024;

/// What a header takes beside its texts, in bytes.
const HEADER_OVERHEAD: usize = 64;

/// Identifies a fault in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(u64);

impl std::fmt::Display for FaultId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A fault in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActiveFault {
    /// Its id.
    pub id: FaultId,
    /// As it was ordered.
    pub fault: Fault,
    /// How many requests it was looked at for, those that passed included.
    pub seen: u64,
    /// How many requests it has hit.
    pub hits: u64,
}

/// What an operation answers with, when it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// A head alone: 204, or a change of protocols.
    Head,
    /// A whole body.
    Body,
    /// A stream of events.
    Events,
}

impl Effect {
    /// Whether it hits work in the background, and no answer.
    fn is_in_background(&self) -> bool {
        matches!(self, Self::FailProcessing { .. } | Self::HangProcessing { .. } | Self::FailDeletion)
    }

    /// Whether it does something to answers of this kind. What fails processing hits no answer, and is not asked for here.
    fn applies_to(&self, answers: Answers) -> bool {
        match self {
            Self::ResetAfterHead | Self::Truncate { .. } | Self::SlowBody { .. } => answers != Answers::Head,
            Self::CutStream { .. } | Self::SilentStream { .. } => answers == Answers::Events,
            _ => true,
        }
    }
}

/// An operation that a fault may name.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// Whether it changes something.
    pub(crate) changes: bool,
    pub(crate) answers: Answers,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) name: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) changes: bool,
    /// With a head alone to HEAD.
    pub(crate) answers: Answers,
    /// Whether it requires a credential.
    pub(crate) authenticates: bool,
}

impl Asked<'_> {
    fn is(&self, operation: &str) -> bool {
        is(operation, self.name, self.method, self.path)
    }
}

/// Whether `on` names the operation.
fn is(on: &str, name: &str, method: &Method, path: &str) -> bool {
    match on.split_once(' ') {
        Some((asked, place)) => asked.eq_ignore_ascii_case(method.as_str()) && place.trim() == path,
        None => on == name || on == path,
    }
}

/// The faults of a server. They can be changed while it runs. Clones are the same faults.
///
/// Of several faults that fit a request, the one that was added first and still hits counts.
///
/// ```
/// use edgequake_devserver::{DevServer, Fault};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = DevServer::builder().start().await?;
/// // The next two queries are refused, and then one connection is reset after the query was executed.
/// let refused = server.faults().add(Fault::status(503).retry_after("1").on("Query").times(2))?;
/// server.faults().add(Fault::reset().after_execution().on("POST /api/v1/query").times(1))?;
/// assert_eq!(server.faults().hits(refused), 0);
///
/// // A typing error is found at once.
/// assert!(server.faults().add(Fault::status(503).on("Qwery")).is_err());
/// server.faults().clear();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    operations: Vec<Operation>,
    active: Vec<Entry>,
    /// The bytes of their texts.
    size: usize,
    last_id: u64,
    /// The hits of the last faults that have ended.
    ended: VecDeque<(FaultId, u64)>,
}

/// A fault in force, shared with the requests that it hits: its body may be large.
#[derive(Debug)]
struct Entry {
    id: FaultId,
    fault: Arc<Fault>,
    seen: u64,
    hits: u64,
    random: Random,
}

impl Faults {
    pub(crate) fn new(operations: Vec<Operation>) -> Self {
        Self(Arc::new(Mutex::new(Table { operations, ..Table::default() })))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a fault in force, after those that are.
    ///
    /// # Errors
    ///
    /// [`FaultError`] naming the field that makes no sense.
    pub fn add(&self, fault: Fault) -> Result<FaultId, FaultError> {
        let mut table = self.table();
        table.check(&fault)?;
        table.check_room(std::slice::from_ref(&fault))?;
        Ok(table.insert(fault))
    }

    /// Puts all of these faults in force, or none of them.
    pub(crate) fn add_all(&self, faults: Vec<Fault>) -> Result<Vec<FaultId>, FaultError> {
        let mut table = self.table();
        faults.iter().try_for_each(|fault| table.check(fault))?;
        table.check_room(&faults)?;
        Ok(faults.into_iter().map(|fault| table.insert(fault)).collect())
    }

    /// Ends a fault; false if it is not in force.
    pub fn remove(&self, id: FaultId) -> bool {
        let mut table = self.table();
        let at = table.active.iter().position(|active| active.id == id);
        at.map(|at| table.end(at)).is_some()
    }

    /// Ends all faults.
    pub fn clear(&self) {
        let mut table = self.table();
        while !table.active.is_empty() {
            table.end(0);
        }
    }

    /// Ends all faults, and forgets how often they have hit.
    pub(crate) fn forget(&self) {
        let mut table = self.table();
        (table.active, table.ended, table.size) = Default::default();
    }

    /// The faults in force, in order. Those that have hit as often as they were ordered to are not among them.
    pub fn active(&self) -> Vec<ActiveFault> {
        let shown = |active: &Entry| ActiveFault {
            id: active.id,
            fault: Fault::clone(&active.fault),
            seen: active.seen,
            hits: active.hits,
        };
        self.table().active.iter().map(shown).collect()
    }

    /// How many requests a fault has hit, also one that has ended: the last thousand of these are remembered.
    pub fn hits(&self, id: FaultId) -> u64 {
        self.find(id).map_or(0, |(hits, _)| hits)
    }

    /// How many requests a fault has hit, and whether it is in force; `None` for one that is not known.
    pub(crate) fn find(&self, id: FaultId) -> Option<(u64, bool)> {
        let table = self.table();
        let active = table.active.iter().find(|active| active.id == id);
        let ended = || table.ended.iter().rev().find(|(ended, _)| *ended == id);
        active.map(|active| (active.hits, true)).or_else(|| ended().map(|(_, hits)| (*hits, false)))
    }

    /// The fault that hits a request.
    pub(crate) fn take(&self, asked: Asked<'_>) -> Option<Arc<Fault>> {
        self.table().take(|fault| {
            let fits = match fault.effect {
                ref effect if effect.is_in_background() => false,
                Effect::ReadOnly => asked.changes,
                Effect::Unauthorized => asked.authenticates || fault.on.is_some(),
                ref effect => effect.applies_to(asked.answers),
            };
            fits && fault.on.as_deref().is_none_or(|on| asked.is(on))
        })
    }

    /// The fault that hits the deletion of a document.
    pub(crate) fn take_at_deletion(&self) -> Option<Arc<Fault>> {
        self.table().take(|fault| fault.effect == Effect::FailDeletion)
    }

    /// The fault that hits the processing of a document at a stage.
    pub(crate) fn take_at_stage(&self, at: &str) -> Option<Arc<Fault>> {
        self.table().take(|fault| match &fault.effect {
            Effect::FailProcessing { stage, .. } | Effect::HangProcessing { stage } => stage == at,
            _ => false,
        })
    }
}

impl Table {
    fn insert(&mut self, fault: Fault) -> FaultId {
        self.last_id += 1;
        let id = FaultId(self.last_id);
        let random = Random::new(fault.seed);
        self.size += size(&fault);
        self.active.push(Entry { id, fault: Arc::new(fault), seen: 0, hits: 0, random });
        id
    }

    /// Ends a fault.
    fn end(&mut self, at: usize) {
        let ended = self.active.remove(at);
        self.size -= size(&ended.fault);
        if self.ended.len() >= CAPACITY {
            self.ended.pop_front();
        }
        self.ended.push_back((ended.id, ended.hits));
    }

    fn check_room(&self, faults: &[Fault]) -> Result<(), FaultError> {
        if self.active.len() + faults.len() > CAPACITY {
            return Err(FaultError::Capacity);
        }
        let size = self.size + faults.iter().map(size).sum::<usize>();
        if size > SIZE_LIMIT { Err(FaultError::Size) } else { Ok(()) }
    }

    fn check(&self, fault: &Fault) -> Result<(), FaultError> {
        // Not a number is neither.
        if !(fault.probability > 0.0 && fault.probability <= 1.0) {
            return Err(FaultError::Probability);
        }
        if fault.times == Some(0) {
            return Err(FaultError::Times);
        }
        if let Some(on) = &fault.on {
            let is_named = |known: &&Operation| is(on, known.name, &known.method, known.path);
            let named: Vec<&Operation> = self.operations.iter().filter(is_named).collect();
            if named.is_empty() {
                return Err(FaultError::Operation(on.clone()));
            }
            if fault.effect == Effect::ReadOnly && !named.iter().any(|known| known.changes) {
                return Err(FaultError::ReadOnly);
            }
            if !named.iter().any(|known| fault.effect.applies_to(known.answers)) {
                let is_stream =
                    matches!(fault.effect, Effect::CutStream { .. } | Effect::SilentStream { .. });
                return Err(if is_stream { FaultError::NoStream } else { FaultError::NoBody });
            }
        }
        match &fault.effect {
            effect if effect.is_in_background() && fault.on.is_some() => Err(FaultError::Processing),
            effect if effect.is_in_background() && fault.executes => Err(FaultError::Executes),
            Effect::Status { code, .. } | Effect::Html { code } if !(200..600).contains(code) => {
                Err(FaultError::Status)
            }
            Effect::Status { code: 204 | 205 | 304, body: Some(_), .. }
            | Effect::Html { code: 204 | 205 | 304 } => Err(FaultError::NoContent),
            Effect::Status { retry_after: Some(value), .. } if HeaderValue::from_str(value).is_err() => {
                Err(FaultError::RetryAfter)
            }
            Effect::Status { headers, .. } if headers.len() > HEADER_LIMIT => Err(FaultError::Headers),
            Effect::Status { headers, .. } => {
                let refused = headers.iter().find(|(name, value)| !may_be_ordered(name, value));
                refused.map_or(Ok(()), |(name, _)| Err(FaultError::Header(name.clone())))
            }
            Effect::SlowBody { bytes: 0, .. } => Err(FaultError::Bytes),
            Effect::FailProcessing { stage, .. } | Effect::HangProcessing { stage }
                if !ALL_STAGES.contains(&stage.as_str()) =>
            {
                Err(FaultError::Stage)
            }
            Effect::FailProcessing { partial, chunks, .. }
                if chunks.len() > CHUNK_LIMIT || !(*partial || chunks.is_empty()) =>
            {
                Err(FaultError::Chunks)
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, fits: impl Fn(&Fault) -> bool) -> Option<Arc<Fault>> {
        let at = self.active.iter_mut().position(|active| fits(&active.fault) && active.hit())?;
        let active = self.active.get(at)?;
        let fault = Arc::clone(&active.fault);
        if fault.times.is_some_and(|times| active.hits >= times) {
            self.end(at);
        }
        Some(fault)
    }
}

/// The bytes of the texts of a fault.
fn size(fault: &Fault) -> usize {
    let effect = match &fault.effect {
        Effect::Status { body, retry_after, headers, .. } => {
            let texts = body.iter().chain(retry_after).map(String::len).sum::<usize>();
            texts
                + headers
                    .iter()
                    .map(|(name, value)| HEADER_OVERHEAD + name.len() + value.len())
                    .sum::<usize>()
        }
        Effect::FailProcessing { stage, chunks, .. } => stage.len() + size_of_val(chunks.as_slice()),
        Effect::HangProcessing { stage } => stage.len(),
        _ => 0,
    };
    effect + fault.on.as_ref().map_or(0, String::len)
}

/// Whether a header can be sent, and is not about how the server sends.
fn may_be_ordered(name: &str, value: &str) -> bool {
    let name = HeaderName::from_bytes(name.as_bytes());
    name.is_ok_and(|name| name != CONTENT_LENGTH && name != TRANSFER_ENCODING)
        && HeaderValue::from_str(value).is_ok()
}

impl Entry {
    /// Looks at a request that fits, and decides whether it is hit.
    fn hit(&mut self) -> bool {
        self.seen += 1;
        let hits = self.fault.times.is_none_or(|times| self.hits < times)
            && self.seen > self.fault.skip
            && self.random.next() < self.fault.probability;
        self.hits += u64::from(hits);
        hits
    }
}

#[cfg(test)]
mod tests;
