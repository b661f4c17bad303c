//! [`Held`]: what the workspace holds already, by the hash of its content.
//!
//! Lists of documents have no hashes. They have names and lengths, so that a document is asked for its hash, once, only when a file has the
//! same length.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use edgequake_types::DocumentId;
use edgequake_types::documents::{DocumentStatus, DocumentSummary, ListDocuments};
use serde_json::Value;

use super::digest::{Digest, parse};
use super::ends::ends_the_run;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::layers::scope::{X_TENANT_ID, X_WORKSPACE_ID};

/// How many documents a page of the list holds.
const PAGE: u64 = 100;

/// How many documents of another name are asked for their hash, for one file of the same length.
const OTHERS: usize = 8;

/// From how many misses in a row on the metadata of documents is not asked for any more.
const MISSES: usize = 3;

/// How often a page that fails for a moment is asked for again, besides the retries of the client.
const PATIENCE: usize = 5;

/// What the workspace held when the run began.
pub(super) struct Held {
    names: RandomState,
    documents: Mutex<Documents>,
    /// By length, whose turn it is to ask those of another name: one may ask for the document that another looks for.
    turns: Mutex<HashMap<u64, Arc<tokio::sync::Mutex<()>>>>,
    /// How often in a row the metadata of a document did not tell its hash.
    misses: AtomicUsize,
    /// Whether some documents may have been missed.
    pub(super) incomplete: bool,
}

/// The documents, by what is known of them. Where a server does not tell their lengths, those are 0.
#[derive(Default)]
struct Documents {
    all: Vec<Entry>,
    /// By length and name.
    named: HashMap<(u64, u64), Vec<usize>>,
    /// By length, those that nobody has asked for their hash.
    unasked: HashMap<u64, Vec<usize>>,
    hashed: HashMap<Digest, usize>,
}

/// A document of the workspace.
struct Entry {
    id: DocumentId,
    in_flight: bool,
    asked: bool,
}

impl Documents {
    fn add(&mut self, length: u64, name: u64, id: DocumentId, in_flight: bool) {
        let number = self.all.len();
        self.all.push(Entry { id, in_flight, asked: false });
        self.named.entry((length, name)).or_default().push(number);
        self.unasked.entry(length).or_default().push(number);
    }

    fn with_hash(&self, digest: &Digest) -> Option<Found> {
        let entry = self.all.get(*self.hashed.get(digest)?)?;
        Some(Found { id: entry.id.clone(), in_flight: entry.in_flight })
    }

    /// Those of this length and name that are still to be asked for their hash.
    fn of_name(&self, length: u64, name: u64) -> Vec<(usize, DocumentId)> {
        let named = [length, 0].into_iter().filter_map(|length| self.named.get(&(length, name))).flatten();
        named.filter_map(|number| self.to_ask(*number)).collect()
    }

    /// Another one of this length, which is given to nobody else.
    fn of_length(&mut self, length: u64) -> Option<(usize, DocumentId)> {
        loop {
            let number = self.unasked.get_mut(&length).and_then(Vec::pop)?;
            if let Some(other) = self.to_ask(number) {
                return Some(other);
            }
        }
    }

    /// What could not be asked may be asked by another file.
    fn give_back(&mut self, length: u64, numbers: Vec<usize>) {
        self.unasked.entry(length).or_default().extend(numbers);
    }

    fn to_ask(&self, number: usize) -> Option<(usize, DocumentId)> {
        let entry = self.all.get(number).filter(|entry| !entry.asked)?;
        Some((number, entry.id.clone()))
    }

    fn learn(&mut self, number: usize, hash: Option<Digest>) {
        if let Some(entry) = self.all.get_mut(number) {
            entry.asked = true;
        }
        if let Some(hash) = hash {
            self.hashed.insert(hash, number);
        }
    }
}

/// A document with the same content.
pub(super) struct Found {
    pub(super) id: DocumentId,
    pub(super) in_flight: bool,
}

impl Held {
    /// Reads the list of documents, page by page.
    pub(super) async fn load(client: &Client) -> Result<Self, Error> {
        let names = RandomState::new();
        let mut documents = Documents::default();
        let mut pages = client.documents().list(ListDocuments::new().page_size(PAGE)).pages();
        let (mut failures, mut incomplete) = (0, false);
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) if error.is_retryable() && failures < PATIENCE => {
                    failures += 1;
                    continue;
                }
                // Documents came or went meanwhile: one that is missed is uploaded again.
                Err(error) if error.kind() == ErrorKind::Paging => {
                    incomplete = true;
                    break;
                }
                Err(error) => return Err(error),
            };
            incomplete |= page.truncated == Some(true);
            for document in page.documents.into_iter().filter(is_held) {
                let name = document.file_name.as_deref().or(document.title.as_deref()).unwrap_or_default();
                let (name, in_flight) = (names.hash_one(name), !document.is_terminal());
                documents.add(document.content_length.unwrap_or(0), name, document.id, in_flight);
            }
        }
        let scope = client.scope().headers();
        if documents.all.is_empty()
            && !(scope.contains_key(&X_TENANT_ID) && scope.contains_key(&X_WORKSPACE_ID))
        {
            tracing::warn!(
                "the list of documents is empty; some servers show none without the headers of a tenant and a workspace"
            );
        }
        let (turns, misses) = (Mutex::default(), AtomicUsize::new(0));
        Ok(Self { names, documents: Mutex::new(documents), turns, misses, incomplete })
    }

    /// The document with this content. Those with the name of the file are asked first.
    pub(super) async fn find(
        &self,
        client: &Client,
        name: &str,
        length: u64,
        digest: &Digest,
    ) -> Result<Option<Found>, Error> {
        let name = self.names.hash_one(name);
        let known = self.lock().with_hash(digest);
        if known.is_some() {
            return Ok(known);
        }
        let named = self.lock().of_name(length, name);
        for (number, id) in named {
            let known = self.ask(client, number, &id).await?;
            if known && let Some(found) = self.lock().with_hash(digest) {
                return Ok(Some(found));
            }
        }
        let turn = self.turn(length);
        let _turn = turn.lock().await;
        let mut unknown = Vec::new();
        for _ in 0..OTHERS {
            if self.lock().with_hash(digest).is_some() {
                break;
            }
            let Some((number, id)) = self.lock().of_length(length) else { break };
            if !self.ask(client, number, &id).await? {
                unknown.push(number);
            }
        }
        let mut documents = self.lock();
        documents.give_back(length, unknown);
        // Others may have found it meanwhile.
        Ok(documents.with_hash(digest))
    }

    fn turn(&self, length: u64) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(length).or_default())
    }

    /// Asks for the hash of a document. False for one that could not be asked, which is no failure of the file that is looked for.
    async fn ask(&self, client: &Client, number: usize, id: &DocumentId) -> Result<bool, Error> {
        match self.hash_of(client, id).await {
            Ok(hash) => self.lock().learn(number, hash),
            // No other question would be answered either.
            Err(error) if !error.is_forbidden() && ends_the_run(&error, 0) => return Err(error),
            Err(_) => return Ok(false),
        }
        Ok(true)
    }

    fn lock(&self) -> MutexGuard<'_, Documents> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash of a document's content; `None` where the server does not tell it, or there is no such document any more.
    async fn hash_of(&self, client: &Client, id: &DocumentId) -> Result<Option<Digest>, Error> {
        // The metadata is small. Servers that have none, or leave the hash out, tell it with the text, which is let go at once.
        if self.misses.load(Ordering::Relaxed) < MISSES {
            let hash = match client.documents().metadata(id.clone()).await {
                Ok(metadata) => metadata.get("content_hash").and_then(Value::as_str).and_then(parse),
                Err(_) => None,
            };
            match hash {
                Some(_) => self.misses.store(0, Ordering::Relaxed),
                None => drop(self.misses.fetch_add(1, Ordering::Relaxed)),
            }
            if hash.is_some() {
                return Ok(hash);
            }
        }
        match client.documents().get(id.clone()).await {
            Ok(document) => Ok(document.content_hash.as_deref().and_then(parse)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether a document need not be uploaded again: not one that failed, as a whole or in part, or is going.
fn is_held(document: &DocumentSummary) -> bool {
    !document.status.as_ref().is_some_and(is_lost)
}

/// Whether a document in this state is to be uploaded again.
pub(super) fn is_lost(status: &DocumentStatus) -> bool {
    use DocumentStatus as Status;
    matches!(
        status,
        Status::Failed | Status::PartialFailure | Status::Cancelled | Status::Deleting | Status::DeleteFailed
    )
}
