//! [`Held`]: what the workspace holds already, by the hash of its content.
//!
//! Lists of documents have no hashes. They have names and lengths, so that a document is asked for its hash, once, only when a file has the
//! same length.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use edgequake_types::DocumentId;
use edgequake_types::documents::{DocumentStatus, DocumentSummary, ListDocuments};
use serde_json::Value;

use super::digest::{Digest, parse};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::layers::scope::{X_TENANT_ID, X_WORKSPACE_ID};

/// How many documents a page of the list holds.
const PAGE: u64 = 100;

/// How many documents of another name are asked for their hash, for one file of the same length.
const OTHERS: usize = 8;

/// How often a page that fails for a moment is asked for again, besides the retries of the client.
const PATIENCE: usize = 5;

/// What the workspace held when the run began.
pub(super) struct Held {
    names: RandomState,
    /// By length; 0 where the server does not tell it.
    documents: Mutex<HashMap<u64, Vec<Entry>>>,
    /// Whether the metadata of documents does not tell the hash.
    without_metadata: AtomicBool,
}

/// A document of the workspace.
struct Entry {
    id: DocumentId,
    /// The hash of its name: all that is wanted of it is whether it is equal.
    name: u64,
    in_flight: bool,
    hash: Known,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    NotAsked,
    Nothing,
    Hash(Digest),
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
        let mut documents: HashMap<u64, Vec<Entry>> = HashMap::new();
        let mut pages = client.documents().list(ListDocuments::new().page_size(PAGE)).pages();
        let mut failures = 0;
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) if error.is_retryable() && failures < PATIENCE => {
                    failures += 1;
                    continue;
                }
                // Documents were deleted meanwhile: one that is missed is uploaded again.
                Err(error) if error.kind() == ErrorKind::Paging => break,
                Err(error) => return Err(error),
            };
            for document in page.documents.into_iter().filter(is_held) {
                let name = document.file_name.as_deref().or(document.title.as_deref()).unwrap_or_default();
                let name = names.hash_one(name);
                let in_flight = !document.is_terminal();
                let entry = Entry { id: document.id, name, in_flight, hash: Known::NotAsked };
                documents.entry(document.content_length.unwrap_or(0)).or_default().push(entry);
            }
        }
        let scope = client.scope().headers();
        if documents.is_empty() && !(scope.contains_key(&X_TENANT_ID) && scope.contains_key(&X_WORKSPACE_ID))
        {
            tracing::warn!(
                "the list of documents is empty; some servers show none without the headers of a tenant and a workspace"
            );
        }
        Ok(Self { names, documents: Mutex::new(documents), without_metadata: AtomicBool::new(false) })
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
        let mut to_ask = Vec::new();
        {
            let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
            let same = documents.get(&length).into_iter().flatten();
            let unmeasured = documents.get(&0).into_iter().flatten().filter(|it| it.name == name);
            for entry in same.chain(unmeasured) {
                match entry.hash {
                    Known::Hash(hash) if hash == *digest => return Ok(Some(found(entry))),
                    Known::NotAsked => to_ask.push((entry.name != name, entry.id.clone())),
                    Known::Hash(_) | Known::Nothing => {}
                }
            }
        }
        to_ask.sort_by_key(|(other, _)| *other);
        let named = to_ask.iter().filter(|(other, _)| !other).count();
        for (_, id) in to_ask.into_iter().take(named + OTHERS) {
            let hash = self.hash_of(client, &id).await?;
            let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
            let known =
                |length: &u64| documents.get(length).is_some_and(|all| all.iter().any(|it| it.id == id));
            let Some(place) = [length, 0].into_iter().find(known) else { continue };
            let entries = documents.get_mut(&place).into_iter().flatten();
            let Some(entry) = entries.into_iter().find(|it| it.id == id) else { continue };
            entry.hash = hash.map_or(Known::Nothing, Known::Hash);
            if entry.hash == Known::Hash(*digest) {
                return Ok(Some(found(entry)));
            }
        }
        Ok(None)
    }

    /// The hash of a document's content; `None` where the server does not tell it, or there is no such document any more.
    async fn hash_of(&self, client: &Client, id: &DocumentId) -> Result<Option<Digest>, Error> {
        // The metadata is small. Servers that have none, or leave the hash out, tell it with the text, which is let go at once.
        if !self.without_metadata.load(Ordering::Relaxed) {
            match client.documents().metadata(id.clone()).await {
                Ok(metadata) => match metadata.get("content_hash").and_then(Value::as_str).and_then(parse) {
                    Some(hash) => return Ok(Some(hash)),
                    None => self.without_metadata.store(true, Ordering::Relaxed),
                },
                Err(error) if error.is_not_found() => {}
                Err(_) => self.without_metadata.store(true, Ordering::Relaxed),
            }
        }
        match client.documents().get(id.clone()).await {
            Ok(document) => Ok(document.content_hash.as_deref().and_then(parse)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn found(entry: &Entry) -> Found {
    Found { id: entry.id.clone(), in_flight: entry.in_flight }
}

/// Whether a document need not be uploaded again: not one that failed or is going.
fn is_held(document: &DocumentSummary) -> bool {
    use DocumentStatus as Status;
    let lost = |status: &Status| {
        matches!(status, Status::Failed | Status::Cancelled | Status::Deleting | Status::DeleteFailed)
    };
    !document.status.as_ref().is_some_and(lost)
}
