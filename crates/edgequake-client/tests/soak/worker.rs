//! [`Worker`]: calls in turn, and knows which answers and errors are right.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use edgequake_client::types::DocumentId;
use edgequake_client::types::documents::{DocumentStatus, ListDocuments, UploadFile, UploadText};
use edgequake_client::types::query::{Query, QueryEvent, Source, StreamQuery};
use edgequake_client::{Client, Error, ErrorKind};
use edgequake_devserver::{Backend, SeedDocument};
use tempfile::TempDir;

use crate::WORKERS;
use crate::tally::{Operation, Tally};
use crate::way::{IDLE, TOTAL};

/// How late a call may be: this machine does other work.
const LATE: Duration = Duration::from_secs(2);

/// The shortest pause after a call that had no token.
const REST: Duration = Duration::from_millis(10);

/// How many events a streamed answer has at most, all of them as late as they may be.
const EVENTS: u32 = 20;

/// What became of an upload.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The title of the document, which no other one has.
    pub(crate) title: String,
    pub(crate) fate: Fate,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was answered.
    Executed(DocumentId),
    /// The error says that it was not executed.
    Refused,
    /// The error leaves it open.
    Unknown,
}

/// A document that is there from the beginning of a round, and the word that only it has.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    id: DocumentId,
    word: String,
}

/// One document for each worker, without faults.
pub(crate) async fn seed_documents(server: &Backend) -> Vec<Known> {
    let mut known = Vec::new();
    for number in 0..WORKERS {
        let word = format!("w{number}x");
        let text = format!("The bridge of {word} crosses the river Elba. It was opened by Ada Berg.");
        let id = server.seed(SeedDocument::new(format!("Bridge {word}"), text)).await.unwrap();
        known.push(Known { id, word });
    }
    known
}

pub(crate) struct Worker {
    number: usize,
    random: fastrand::Rng,
    client: Client,
    known: Vec<Known>,
    folder: TempDir,
    tally: Tally,
    sent: Vec<Sent>,
}

impl Worker {
    pub(crate) fn new(number: usize, seed: u64, client: Client, known: Vec<Known>) -> Self {
        Self {
            number,
            random: fastrand::Rng::with_seed(seed.wrapping_mul(31) + number as u64),
            client,
            known,
            folder: tempfile::tempdir().unwrap(),
            tally: Tally::default(),
            sent: Vec::new(),
        }
    }

    pub(crate) async fn work(mut self, until: Instant) -> (Tally, Vec<Sent>) {
        while Instant::now() < until {
            match self.random.u8(0..7) {
                0 | 1 => self.list().await,
                2 => self.upload_text().await,
                3 => self.upload_file().await,
                4 => self.query().await,
                5 => self.stream().await,
                _ => self.me().await,
            }
        }
        (self.tally, self.sent)
    }

    /// Awaits a call, which may not take longer than its limit, and judges its error.
    async fn finish<T>(
        &mut self,
        operation: Operation,
        limit: Duration,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let begun = Instant::now();
        let result = tokio::time::timeout(limit + LATE, call.into_future()).await;
        let result = result.unwrap_or_else(|_| panic!("{operation:?} did not end within its limits"));
        if let Err(error) = &result {
            assert!(is_right(operation, error), "a wrong error of {operation:?}: {error:?}");
        }
        self.tally.count(operation, begun.elapsed(), result.as_ref().err());
        // Without a token, calls fail at once: not as fast as they can be made.
        if let Err(error) = &result
            && error.credentials().is_some()
        {
            tokio::time::sleep(error.retry_after().unwrap_or_default().clamp(REST, IDLE)).await;
        }
        result
    }

    async fn list(&mut self) {
        let (page, size) = (self.random.u64(1..1_000_000), self.random.u64(1..20));
        let call = self.client.documents().list(ListDocuments::new().page(page).page_size(size));
        if let Ok(list) = self.finish(Operation::List, TOTAL, call).await {
            assert_eq!((list.page, list.page_size), (page, size), "the answer to another question");
        }
    }

    async fn me(&mut self) {
        let call = self.client.auth().me();
        if let Ok(me) = self.finish(Operation::Me, TOTAL, call).await {
            assert_eq!(me.user.username, "mona");
        }
    }

    /// A name and a text that nothing else has.
    fn novelty(&self) -> (String, String) {
        let title = format!("note-{}-{}", self.number, self.sent.len());
        let text = format!("{title}: nothing happened.");
        (title, text)
    }

    async fn upload_text(&mut self) {
        let (title, text) = self.novelty();
        let call = self.client.documents().upload_text(UploadText::new(text).title(&title));
        let result = self.finish(Operation::UploadText, TOTAL, call).await.map(|uploaded| {
            assert_eq!(uploaded.status, Some(DocumentStatus::Pending), "executed twice: {uploaded:?}");
            uploaded.document_id.unwrap()
        });
        self.note(title, result);
    }

    /// From memory, or from disk.
    async fn upload_file(&mut self) {
        let (title, text) = self.novelty();
        let (title, size) = (format!("{title}.txt"), text.len() as u64);
        let documents = self.client.documents();
        let result = if self.random.bool() {
            let call = documents.upload(UploadFile::from_bytes(&title, text));
            self.finish(Operation::UploadFile, TOTAL, call).await
        } else {
            let path = self.folder.path().join(&title);
            std::fs::write(&path, text).unwrap();
            let call = documents.upload_file(&path);
            let result = self.finish(Operation::UploadFile, TOTAL, call).await;
            std::fs::remove_file(path).unwrap();
            result
        };
        let result = result.map(|uploaded| {
            assert_eq!(uploaded.status, Some(DocumentStatus::Pending), "executed twice: {uploaded:?}");
            assert_eq!((uploaded.file_name.as_ref(), uploaded.size), (Some(&title), Some(size)));
            uploaded.document_id.unwrap()
        });
        self.note(title, result);
    }

    fn note(&mut self, title: String, result: Result<DocumentId, Error>) {
        let fate = match result {
            Ok(id) => Fate::Executed(id),
            Err(error) if was_refused(&error) => Fate::Refused,
            Err(_) => Fate::Unknown,
        };
        self.sent.push(Sent { title, fate });
    }

    fn question(&mut self) -> (Known, String) {
        let known = self.known[self.random.usize(0..self.known.len())].clone();
        let question = format!("What does the bridge of {} cross?", known.word);
        (known, question)
    }

    async fn query(&mut self) {
        let (known, question) = self.question();
        let call = self.client.query().execute(Query::new(question));
        if let Ok(answer) = self.finish(Operation::Query, TOTAL, call).await {
            known.check(&answer.sources, &answer.answer);
        }
    }

    async fn stream(&mut self) {
        let (known, question) = self.question();
        let call = self.client.query().stream(StreamQuery::new(question));
        let streamed = async {
            let mut events = call.await?;
            let (mut found, mut text, mut is_done) = (Vec::new(), String::new(), false);
            while let Some(event) = events.next().await {
                match event? {
                    QueryEvent::Context { sources, .. } => found = sources,
                    QueryEvent::Token { content, .. } => text.push_str(&content),
                    QueryEvent::Done { .. } => is_done = true,
                    _ => {}
                }
            }
            assert!(is_done, "a stream without its last event");
            Ok((found, text))
        };
        if let Ok((sources, text)) = self.finish(Operation::Stream, TOTAL + IDLE * EVENTS, streamed).await {
            known.check(&sources, &text);
        }
    }
}

impl Known {
    fn check(&self, sources: &[Source], answer: &str) {
        let first = sources.first().and_then(|source| source.document_id.as_ref());
        assert_eq!(first, Some(&self.id), "about {}: {sources:?}", self.word);
        assert!(answer.contains(&self.word), "about {}: {answer}", self.word);
    }
}

/// Whether the error says that the call was not executed.
fn was_refused(error: &Error) -> bool {
    // Without a credential nothing is sent.
    error.credentials().is_some()
        || matches!(
            error.kind(),
            ErrorKind::Connect | ErrorKind::NotSent | ErrorKind::RateLimited | ErrorKind::Unavailable
        )
}

/// Whether the faults that are ordered can lead to this error.
fn is_right(operation: Operation, error: &Error) -> bool {
    match error.kind() {
        _ if error.credentials().is_some() => error.is_retryable(),
        ErrorKind::Interrupted
        | ErrorKind::NotSent
        | ErrorKind::Connect
        | ErrorKind::Body
        | ErrorKind::Timeout(_)
        | ErrorKind::RateLimited
        | ErrorKind::Unavailable => true,
        ErrorKind::Server => error.status().is_some_and(|status| matches!(status.as_u16(), 502 | 504)),
        ErrorKind::Stream => operation == Operation::Stream,
        _ => false,
    }
}
