//! [`Watch`]: many documents that are being processed, followed with few questions.
//!
//! Documents that share a track are asked for by that, all others by the list of documents, newest first, up to the last one that is
//! waited for. Only a document that neither shows is asked for by itself.

#[cfg(test)]
mod tests;

mod copies;
mod singly;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use edgequake_types::documents::{DocumentSummary, GetTrack, ListDocuments};
use edgequake_types::{Decode, DocumentId, Endpoint, PdfId, Retry, TrackId};
use tokio::time::Instant;

use copies::again;

use super::documents::Uploaded;
use super::wait::{Answers, LONGEST_PAUSE, no_runtime};
use crate::client::Client;
use crate::clock;
use crate::error::{Error, ErrorKind, ProcessingFailure};

/// The pauses between two rounds of questions: at first, and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// By how much a pause may be longer than was asked for.
const SLOW: Duration = Duration::from_secs(1);

/// The shortest time between two questions.
const PACE: Duration = Duration::from_millis(100);

/// How many documents a page of the list holds.
const PAGE: u64 = 100;

/// From how many documents on a track is worth a question of its own.
const SHARED: usize = 2;

/// How waiting for one of the documents ended.
pub(crate) struct Ended<T> {
    #[cfg_attr(
        not(feature = "folder"),
        expect(dead_code, reason = "only folders tell their files apart by it")
    )]
    pub(crate) tag: T,
    pub(crate) upload: Uploaded,
    pub(crate) result: Result<DocumentSummary, Error>,
}

/// Documents that are being processed, each with something that the caller knows it by.
pub(crate) struct Watch<T> {
    client: Client,
    pending: Vec<Pending<T>>,
    limit: Option<Duration>,
    /// When all are given up, and how long that is from the beginning.
    end: Option<(Instant, Duration)>,
    /// How long to wait before the next round.
    pause: Duration,
    next_question: Instant,
    /// When a document last came further, not counting the time in which nobody asked.
    changed: Instant,
    /// When it was last asked.
    asked: Instant,
    /// How many questions were for one document alone.
    turns: u64,
    /// Tracks that do not tell their documents.
    mute: HashSet<TrackId>,
    answers: Answers,
    /// How long the server wants to be left alone.
    wanted_pause: Duration,
    /// Whether the list shows nothing at all: of some servers, where a request names no workspace.
    blind: bool,
}

struct Pending<T> {
    tag: T,
    upload: Uploaded,
    unknown_since: Option<Instant>,
    /// When it was last asked for alone, in questions of that kind.
    turn: u64,
    /// Status, stage and how far it has come, as last seen.
    seen: Option<(Option<String>, Option<String>, u64)>,
    found: Option<DocumentSummary>,
    failed: Option<Error>,
}

/// A round is cut short: ask later, or never again.
enum Cut {
    Later,
    Never(Error),
}

impl<T> Watch<T> {
    pub(crate) fn new(client: Client, limit: Option<Duration>) -> Self {
        let now = Instant::now();
        Self {
            client,
            pending: Vec::new(),
            limit,
            end: None,
            pause: PAUSES.0,
            next_question: now,
            changed: now,
            asked: now,
            turns: 0,
            mute: HashSet::new(),
            answers: Answers::default(),
            wanted_pause: Duration::ZERO,
            blind: false,
        }
    }

    pub(crate) fn add(&mut self, tag: T, upload: Uploaded) {
        self.pause = PAUSES.0;
        self.changed = Instant::now();
        self.pending.push(Pending {
            tag,
            upload,
            unknown_since: None,
            turn: 0,
            seen: None,
            found: None,
            failed: None,
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn limit(&mut self, limit: Option<Duration>) {
        self.limit = limit;
    }

    /// Gives up after this time from now, whatever happens meanwhile.
    pub(crate) fn end_after(&mut self, limit: Option<Duration>) {
        self.end = limit.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit)));
    }

    /// Asks once for all of them, after a pause, and gives those that have ended.
    pub(crate) async fn round(&mut self) -> Vec<Ended<T>> {
        let away = self.asked.elapsed();
        self.changed += away;
        let (begun, end) = (Instant::now(), self.end);
        let asked = async {
            rest(self.pause).await?;
            // Whoever does not poll this does not wait.
            self.changed += begun.elapsed().saturating_sub(self.pause + SLOW);
            self.ask_all().await
        };
        let asked = match end {
            None => asked.await,
            Some((end, _)) => {
                let left = end.saturating_duration_since(begun);
                match clock::timeout(left, asked).await {
                    Ok(asked) => asked.unwrap_or(Err(Cut::Later)),
                    Err(error) => Err(Cut::Never(no_runtime(error))),
                }
            }
        };
        self.asked = Instant::now();
        let mut ended = self.take_ended();
        if matches!(asked, Err(Cut::Later)) {
            // Nobody knows what the server would have said meanwhile.
            self.pending.iter_mut().for_each(|it| it.unknown_since = None);
        }
        match asked {
            Err(Cut::Never(error)) => ended.extend(self.give_up(|| again(&error))),
            Ok(()) | Err(Cut::Later) => {
                let longer = (self.pause.saturating_mul(3) / 2).min(PAUSES.1);
                self.pause = longer.max(std::mem::take(&mut self.wanted_pause));
            }
        }
        if !ended.is_empty() {
            (self.pause, self.changed) = (PAUSES.0, Instant::now());
        }
        let idle = self.limit.filter(|limit| self.changed.elapsed() >= *limit);
        let over = self.end.filter(|(end, _)| *end <= Instant::now()).map(|(_, limit)| limit);
        if let Some(limit) = over.or(idle) {
            let answers = std::mem::take(&mut self.answers);
            ended.extend(self.give_up(|| answers.timed_out(limit, None)));
        }
        ended
    }

    fn give_up(&mut self, error: impl Fn() -> Error) -> impl Iterator<Item = Ended<T>> {
        let left = std::mem::take(&mut self.pending).into_iter();
        left.map(move |it| Ended { tag: it.tag, upload: it.upload, result: Err(error()) })
    }

    /// Those of which the round has shown the end.
    fn take_ended(&mut self) -> Vec<Ended<T>> {
        let mut ended = Vec::new();
        for mut it in std::mem::take(&mut self.pending) {
            if let Some(error) = it.failed.take() {
                ended.push(Ended { tag: it.tag, upload: it.upload, result: Err(error) });
                continue;
            }
            let Some(summary) = it.found.take() else {
                self.pending.push(it);
                continue;
            };
            (it.unknown_since, it.upload.confirmed) = (None, true);
            if summary.is_terminal() {
                let result = match ProcessingFailure::of_summary(&summary, it.upload.task_id.clone()) {
                    Some(failure) => Err(Error::of_processing(failure)),
                    None => Ok(summary),
                };
                ended.push(Ended { tag: it.tag, upload: it.upload, result });
                continue;
            }
            let progress = summary.stage_progress.unwrap_or(0.0).to_bits();
            let seen = (summary.status.map(|it| it.to_string()), summary.current_stage, progress);
            if it.seen.as_ref() != Some(&seen) {
                (it.seen, self.changed) = (Some(seen), Instant::now());
            }
            self.pending.push(it);
        }
        ended
    }

    async fn ask_all(&mut self) -> Result<(), Cut> {
        self.ask_for_names().await?;
        self.ask_tracks().await?;
        self.ask_list().await?;
        self.ask_singly().await
    }

    /// Asks for the tracks that several documents share.
    async fn ask_tracks(&mut self) -> Result<(), Cut> {
        let mut shared: HashMap<TrackId, usize> = HashMap::new();
        for track in self.pending.iter().filter_map(|it| it.upload.track_id.as_ref()) {
            if !self.mute.contains(track) {
                *shared.entry(track.clone()).or_default() += 1;
            }
        }
        for (track, _) in shared.into_iter().filter(|(_, count)| *count >= SHARED) {
            match self.send(GetTrack::new(track.clone())).await? {
                Ok(answer) => {
                    // Nothing of what it holds is ours: the track is one of a server that forgets, or answers with nothing.
                    if self.found(answer.documents) == 0 {
                        self.mute.insert(track);
                    }
                }
                Err(_) => drop(self.mute.insert(track)),
            }
        }
        Ok(())
    }

    /// Walks the list until all are found.
    async fn ask_list(&mut self) -> Result<(), Cut> {
        let nameless = |it: &Pending<T>| it.upload.document_id.is_none() && it.upload.pdf_id.is_some();
        // The first page names documents of PDFs.
        let mut names = self.pending.iter().any(|it| it.failed.is_none() && nameless(it));
        if self.wanted() == 0 && !names {
            return Ok(());
        }
        let list = self.client.documents().list(ListDocuments::new().page_size(PAGE)).retry(Retry::Never);
        let mut pages = list.pages();
        self.blind = true;
        while self.wanted() > 0 || std::mem::take(&mut names) {
            names = false;
            self.pace().await?;
            match pages.next().await {
                Some(Ok(page)) => {
                    self.blind &= page.documents.is_empty();
                    self.found(page.documents);
                }
                // Documents came or went meanwhile: the next round sees the rest.
                Some(Err(error)) if error.kind() == ErrorKind::Paging => break,
                Some(Err(error)) => return Err(self.cut(error)),
                None => break,
            }
        }
        self.answers.came();
        let now = Instant::now();
        for it in self.pending.iter_mut().filter(|it| it.found.is_none() && it.upload.document_id.is_some()) {
            it.unknown_since.get_or_insert(now);
        }
        Ok(())
    }

    /// How many were not found in this round.
    fn wanted(&self) -> usize {
        let wanted =
            |it: &&Pending<T>| it.found.is_none() && it.failed.is_none() && it.upload.document_id.is_some();
        self.pending.iter().filter(wanted).count()
    }

    /// Takes what was told of ours. Returns how many they were.
    fn found(&mut self, documents: Vec<DocumentSummary>) -> usize {
        self.learn_names(&documents);
        let mut told: HashMap<DocumentId, DocumentSummary> =
            documents.into_iter().map(|document| (document.id.clone(), document)).collect();
        let mut count = 0;
        for it in &mut self.pending {
            // Two uploads of one content have one document.
            let Some(found) = it.upload.document_id.as_ref().and_then(|id| told.get_mut(id)) else {
                continue;
            };
            it.found = Some(found.clone());
            count += 1;
        }
        count
    }

    /// Asks one question. What may pass cuts the round, and so does a credential that is missing for all of them.
    async fn send<E>(&mut self, endpoint: E) -> Result<Result<E::Response, Error>, Cut>
    where
        E: Endpoint + 'static,
        E::Response: Decode + Send,
    {
        self.pace().await?;
        match self.client.send(endpoint).retry(Retry::Never).await {
            Err(error) if error.is_retryable() || error.is_unauthorized() => Err(self.cut(error)),
            answer => {
                self.answers.came();
                Ok(answer)
            }
        }
    }

    fn cut(&mut self, error: Error) -> Cut {
        if !error.is_retryable() {
            return Cut::Never(error);
        }
        self.wanted_pause = error.retry_after().unwrap_or_default().min(LONGEST_PAUSE);
        self.answers.failed(error);
        Cut::Later
    }

    /// Learns of which documents PDFs have become. One that has ended may be what the PDF was before it was converted again.
    fn learn_names(&mut self, documents: &[DocumentSummary]) {
        let going = documents.iter().filter(|document| !document.is_terminal());
        let named: HashMap<&PdfId, &DocumentId> =
            going.filter_map(|document| Some((document.pdf_id.as_ref()?, &document.id))).collect();
        for it in self.pending.iter_mut().filter(|it| it.upload.document_id.is_none()) {
            if let Some(id) = it.upload.pdf_id.as_ref().and_then(|pdf| named.get(pdf)) {
                it.upload.document_id = Some((*id).clone());
                self.changed = Instant::now();
            }
        }
    }

    async fn pace(&mut self) -> Result<(), Cut> {
        let wait = self.next_question.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            rest(wait).await?;
        }
        self.next_question = Instant::now() + PACE;
        Ok(())
    }
}

async fn rest(pause: Duration) -> Result<(), Cut> {
    let slept = async { clock::sleep(pause).map_err(no_runtime)?.await.map_err(no_runtime) };
    slept.await.map_err(Cut::Never)
}
