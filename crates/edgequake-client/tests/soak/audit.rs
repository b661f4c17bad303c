//! [`Audit`]: holds what the clients were told against what the server has.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::time::{Duration, Instant};

use edgequake_client::Client;
use edgequake_client::types::DocumentId;
use edgequake_client::types::documents::ListDocuments;
use edgequake_devserver::{Backend, RecordedBody, SessionEvent};

use crate::WORKERS;
use crate::endings::Ordered;
use crate::way::{Ground, MASTER_KEY};
use crate::worker::{Fate, Sent};

/// How long processing and deleting may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Audit {
    /// In the process of the server, without a connection.
    client: Client,
    answered: u64,
    refused: u64,
    unknown: u64,
    unknown_executed: u64,
    /// How many uploads the server has executed in all.
    executed: u64,
}

impl Audit {
    pub(crate) fn new(server: &Backend) -> Self {
        let client = Client::builder().api_key(MASTER_KEY).tenant_id("default").workspace_id("default");
        let client = client.build_on(server.service()).unwrap();
        Self { client, answered: 0, refused: 0, unknown: 0, unknown_executed: 0, executed: 0 }
    }

    /// Looks at the documents of a round, and deletes them.
    pub(crate) async fn hold(&mut self, server: &Backend, sent: Vec<Sent>) {
        self.wait_until(|_, unprocessed| unprocessed == 0).await;
        let mut stored = self.stored().await;
        let there = stored.len() - WORKERS;
        // Nothing was replaced by the same content.
        let executed = server.stats().uploads;
        assert_eq!(executed - self.executed, there as u64, "uploads were executed twice");
        self.executed = executed;
        for Sent { title, fate } in sent {
            let found = stored.remove(&title);
            match fate {
                Fate::Executed(id) => {
                    assert_eq!(found, Some(id), "{title} was answered");
                    self.answered += 1;
                }
                Fate::Refused => {
                    assert_eq!(found, None, "{title} was executed, although the error says that it was not");
                    self.refused += 1;
                }
                Fate::Unknown => {
                    self.unknown += 1;
                    self.unknown_executed += u64::from(found.is_some());
                }
            }
        }
        assert_eq!(stored.len(), WORKERS, "documents that nobody has uploaded: {stored:?}");
        check_recorded(server);
        self.client.documents().delete_all().await.unwrap();
        self.wait_until(|total, _| total == 0).await;
    }

    async fn wait_until(&self, is_there: impl Fn(u64, u64) -> bool) {
        let patience = Instant::now() + PATIENCE;
        loop {
            let list = self.client.documents().list(ListDocuments::new().page_size(1)).await.unwrap();
            let counts = list.status_counts;
            if is_there(list.total, counts.pending + counts.processing + counts.unknown) {
                return;
            }
            assert!(Instant::now() < patience, "{counts:?}");
            tokio::task::yield_now().await;
        }
    }

    /// The documents by their titles, each of which there is once.
    async fn stored(&self) -> BTreeMap<String, DocumentId> {
        let mut stored = BTreeMap::new();
        let mut items = self.client.documents().list(ListDocuments::new().page_size(500)).items();
        while let Some(document) = items.next().await {
            let document = document.unwrap();
            let double = stored.insert(document.title.unwrap(), document.id);
            assert_eq!(double, None, "a document is there twice");
        }
        stored
    }
}

/// No text has arrived twice in requests that were read, of the last thousand, which is what the recorder keeps. Requests that a fault
/// refuses are not read. That nothing was executed twice in the whole round is what the counts of the server say.
fn check_recorded(server: &Backend) {
    let mut seen = HashSet::new();
    for request in server.recorder().requests() {
        if (request.method.as_str(), request.path.as_str()) == ("POST", "/api/v1/documents")
            && let RecordedBody::Json(body) = request.body
        {
            assert!(seen.insert(body["title"].to_string()), "{body} has arrived twice");
        }
    }
    server.recorder().clear();
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, refused, unknown, unknown_executed, executed, .. } = self;
        write!(
            f,
            "  uploads: {answered} answered, {refused} refused, {unknown} with an open fate (of which {unknown_executed} executed); \
             {executed} executed, 0 twice"
        )
    }
}

/// Holds the ledger against what was ordered: no refresh token was presented twice, and a session ended only where that was ordered.
pub(crate) fn sessions(ground: &Ground, ordered: Ordered) -> String {
    let server = &ground.server;
    for session in server.ledger().sessions() {
        if let Some(end) = session.end {
            assert_eq!(end.entry.event, SessionEvent::Revoked, "{end:?}");
        }
    }
    let stats = server.stats();
    assert_eq!((stats.token_reuses, stats.refused_logins), (0, 0), "{stats:?}");
    let clients = ground.clients.len() as u64;
    assert!(stats.refused_refreshes <= ordered.revocations * clients, "{stats:?} after {ordered:?}");
    let known: u64 = ground.clients.iter().map(|client| client.session().unwrap().logins()).sum();
    assert!(known <= stats.logins, "{known} logins known of, {stats:?}");
    format!(
        "  sessions: {} expirations and {} revocations ordered; {} logins, {} refreshes, {} refused ones, 0 tokens used again, \
         {} requests with a token that had ended",
        ordered.expirations,
        ordered.revocations,
        stats.logins,
        stats.refreshes,
        stats.refused_refreshes,
        stats.unauthorized,
    )
}
