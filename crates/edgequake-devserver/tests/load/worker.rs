//! A client that uploads, asks, looks and deletes, and knows what is right.

use std::time::Instant;

use edgequake_types::documents::{DeleteDocument, DocumentStatus, GetDocument, ListDocuments, UploadText};
use edgequake_types::query::{Query, StreamQuery};
use edgequake_types::{DocumentId, Endpoint};

use crate::connection::{Connection, Outcome};
use crate::orders::{ORDERED, Seen};
use crate::tally::Tally;

/// How many documents a client keeps before it deletes some.
const KEPT: usize = 8;

/// A document, and the word that only it has.
struct Uploaded {
    id: DocumentId,
    word: String,
    status: DocumentStatus,
}

pub(crate) struct Worker {
    number: u64,
    random: u64,
    connection: Connection,
    documents: Vec<Uploaded>,
    tally: Tally,
}

impl Worker {
    pub(crate) fn new(number: u64, seed: u64, connection: Connection) -> Self {
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number + 1);
        Self { number, random, connection, documents: Vec::new(), tally: Tally::default() }
    }

    pub(crate) async fn work(mut self, until: Instant) -> Tally {
        while Instant::now() < until {
            let ready = |document: &Uploaded| document.status == DocumentStatus::Completed;
            let asked = self.pick(ready);
            match (self.below(10), asked) {
                (0..2, _) => self.upload().await,
                (2..5, Some(at)) => self.query(at).await,
                (5..7, Some(at)) => self.stream(at).await,
                (7, Some(at)) if self.documents.len() > KEPT => self.delete(at).await,
                (8, _) => self.list().await,
                _ => self.look().await,
            }
        }
        let kept = self.documents.iter().find(|document| document.status == DocumentStatus::Completed);
        self.tally.kept = kept.map(|document| (document.word.clone(), document.id.to_string()));
        self.tally
    }

    /// A number below `limit`, from xorshift.
    fn below(&mut self, limit: usize) -> usize {
        for (left, shift) in [(true, 13), (false, 7), (true, 17)] {
            self.random ^= if left { self.random << shift } else { self.random >> shift };
        }
        (self.random >> 16) as usize % limit
    }

    fn pick(&mut self, which: impl Fn(&Uploaded) -> bool) -> Option<usize> {
        let fitting: Vec<usize> =
            (0..self.documents.len()).filter(|at| which(&self.documents[*at])).collect();
        (!fitting.is_empty()).then(|| fitting[self.below(fitting.len())])
    }

    /// Judges everything but a right answer: whether the operation was executed, although its answer was lost.
    fn judge<A>(&mut self, operation: &str, outcome: Outcome<A>, lost_is_executed: bool) -> bool {
        let seen = match outcome {
            Outcome::Answer(_) => None,
            Outcome::Refused(503, Some(wait), _) if wait == "7" => Some(Seen::Unavailable),
            Outcome::Refused(503, Some(wait), _) if wait == "5" => Some(Seen::ReadOnly),
            Outcome::Refused(500, _, ref body) if body == ORDERED => Some(Seen::Internal),
            Outcome::Refused(502, _, ref body) if body.starts_with("<html>") => Some(Seen::Page),
            Outcome::Refused(401, ..) => Some(Seen::Unauthorized),
            Outcome::Refused(429, Some(wait), _) if wait == "3" => Some(Seen::RateLimited),
            Outcome::Refused(status, _, ref body) => {
                self.wrong(format!("{operation}: {status} {body}"));
                None
            }
            Outcome::Ended => Some(Seen::Ended),
            Outcome::Silent => Some(Seen::Silent),
        };
        if let Some(seen) = seen {
            self.tally.see(seen);
        }
        lost_is_executed && matches!(seen, Some(Seen::Ended | Seen::Silent))
    }

    fn wrong(&mut self, what: String) {
        if self.tally.wrong.len() < 3 {
            self.tally.wrong.push(what);
        }
    }

    /// Notes an answer that has to be right.
    fn check(&mut self, is_right: bool, what: impl FnOnce() -> String) {
        if is_right {
            self.tally.right += 1;
        } else {
            self.wrong(what());
        }
    }

    async fn ask<E: Endpoint>(&mut self, endpoint: &E) -> Outcome<E::Response>
    where
        E::Response: edgequake_types::Decode,
    {
        self.tally.sent += 1;
        self.connection.ask(endpoint).await
    }

    async fn upload(&mut self) {
        let word = format!("c{}n{}x", self.number, self.tally.sent);
        let text = format!("The bridge of {word} crosses the river Elba. It was opened by Ada Berg.");
        let upload = UploadText::new(text).title(format!("Bridge {word}"));
        match self.ask(&upload).await {
            Outcome::Answer(uploaded) => {
                self.tally.uploads += 1;
                self.check(uploaded.status == Some(DocumentStatus::Pending), || {
                    format!("an upload: {uploaded:?}")
                });
                if let (Some(id), Some(status)) = (uploaded.document_id, uploaded.status) {
                    self.documents.push(Uploaded { id, word, status });
                }
            }
            // A lost answer leaves a document behind that nobody asks for.
            other => self.tally.uploads += u64::from(self.judge("an upload", other, true)),
        }
    }

    /// Looks at a document that is not known to be processed.
    async fn look(&mut self) {
        let Some(at) = self.pick(|document| !document.status.is_terminal()) else {
            return self.list().await;
        };
        let id = self.documents[at].id.clone();
        match self.ask(&GetDocument::new(&id)).await {
            Outcome::Answer(found) => {
                let is_right = found.id == id
                    && found.title.as_deref() == Some(&format!("Bridge {}", self.documents[at].word));
                self.check(is_right, || format!("another document: {found:?}"));
                match found.status {
                    // It stays where it is, to be counted.
                    Some(DocumentStatus::Failed) => drop(self.documents.swap_remove(at)),
                    Some(DocumentStatus::Completed) if found.entity_count != Some(2) => {
                        self.wrong(format!("without its entities: {found:?}"));
                    }
                    Some(status) => self.documents[at].status = status,
                    None => self.wrong(format!("without a status: {found:?}")),
                }
            }
            other => drop(self.judge("a look", other, false)),
        }
    }

    async fn list(&mut self) {
        match self.ask(&ListDocuments::new().page_size(5)).await {
            Outcome::Answer(list) => {
                let least = self.documents.len() as u64;
                let is_right = list.total >= least && list.documents.len() as u64 == list.total.min(5);
                self.check(is_right, || format!("a list: {list:?}"));
            }
            other => drop(self.judge("a list", other, false)),
        }
    }

    async fn query(&mut self, at: usize) {
        let (id, word) = (self.documents[at].id.clone(), self.documents[at].word.clone());
        match self.ask(&Query::new(format!("What does the bridge of {word} cross?"))).await {
            Outcome::Answer(answer) => {
                self.tally.queries += 1;
                let first = answer.sources.first().and_then(|source| source.document_id.as_ref());
                let is_right = first == Some(&id) && answer.answer.contains(&word);
                self.check(is_right, || format!("an answer about {word}: {answer:?}"));
            }
            other => self.tally.queries += u64::from(self.judge("a query", other, true)),
        }
    }

    async fn stream(&mut self, at: usize) {
        let (id, word) = (self.documents[at].id.to_string(), self.documents[at].word.clone());
        self.tally.sent += 1;
        match self.connection.text(&StreamQuery::new(format!("What does the bridge of {word} cross?"))).await
        {
            Outcome::Answer(response) => {
                self.tally.queries += 1;
                let text = response.into_body();
                let is_right =
                    text.contains(&id) && text.contains(&word) && text.contains(r#""type":"done""#);
                self.check(is_right, || format!("a stream about {word}: {text}"));
            }
            other => self.tally.queries += u64::from(self.judge("a stream", other, true)),
        }
    }

    async fn delete(&mut self, at: usize) {
        let id = self.documents[at].id.clone();
        match self.ask(&DeleteDocument::new(&id)).await {
            Outcome::Answer(deleted) => {
                self.tally.deletions += 1;
                self.documents.swap_remove(at);
                self.check(deleted.document_id.as_ref() == Some(&id), || format!("a deletion: {deleted:?}"));
            }
            other => {
                if self.judge("a deletion", other, true) {
                    self.tally.deletions += 1;
                    self.documents.swap_remove(at);
                }
            }
        }
    }
}
