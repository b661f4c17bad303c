//! [`Report`]: tells what becomes of each file as it happens, and what became of all.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use edgequake_client::folder::{FolderEvent, SkipReason};
use edgequake_client::resources::Uploaded;
use edgequake_types::PdfId;
use serde_json::{Map, Value, json};

use super::super::together::Ended;
use super::counts::Counts;
use super::display::Display;
use crate::commands::counted;
use crate::context::Context;
use crate::failure::{Exit, Exits, Failure};

/// Why a file is skipped whose content the workspace has.
const ALREADY_THERE: &str = "already in the workspace";

/// What is said where not a single file was found.
const NOTHING: &str = "there is nothing to upload: no file was found that is not hidden and that --include, --exclude and the ignore files \
                       let through";

/// What became of each file, and of all.
pub(super) struct Report {
    display: Display,
    exits: Exits,
    counts: Counts,
    waits: bool,
    /// What is to be waited for.
    taken: Vec<(String, Uploaded)>,
    /// How many are waited for.
    waiting: usize,
    /// How many files of folders were skipped for a reason and not told one by one.
    skips: BTreeMap<String, u64>,
    /// PDFs whose documents nobody has named yet.
    unnamed: HashSet<PdfId>,
    /// Files that were found and of which nothing was told yet.
    open: BTreeSet<PathBuf>,
    /// Files that are not called as they are named.
    names: HashMap<PathBuf, String>,
    stopped: bool,
}

impl Report {
    pub(super) fn new(waits: bool) -> Self {
        Self {
            display: Display::new(),
            exits: Exits::default(),
            counts: Counts::default(),
            waits,
            taken: Vec::new(),
            waiting: 0,
            skips: BTreeMap::new(),
            unnamed: HashSet::new(),
            open: BTreeSet::new(),
            names: HashMap::new(),
            stopped: false,
        }
    }

    /// Whether nothing more is to be begun: a failure would hit all other files as well, or nobody can be told of them.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped || self.display.is_broken()
    }

    /// Whether stdout could not be written to.
    pub(super) fn is_broken(&self) -> bool {
        self.display.is_broken()
    }

    /// Whether files were found whose turn did not come.
    pub(super) fn left_some(&self) -> bool {
        self.counts.not_tried > 0
    }

    /// Says what is waited for once a signal came, and for how long.
    pub(super) fn stopping(&self, cx: &Context, grace: Duration) {
        let seconds = grace.as_secs();
        let text = format!("stopping: uploads under way have {seconds} s; another signal ends them at once");
        self.display.say(cx, text);
    }

    /// Takes an event of the run, of which these files were named by the user.
    pub(super) fn take(&mut self, cx: &mut Context, event: FolderEvent, named: &HashSet<PathBuf>) {
        if let FolderEvent::Uploaded { path, .. }
        | FolderEvent::Skipped { path, .. }
        | FolderEvent::Failed { path, .. } = &event
        {
            self.open.remove(path);
        }
        match event {
            FolderEvent::Found { path, .. } => {
                self.open.insert(path);
                self.display.more();
            }
            FolderEvent::Uploaded { path, upload, .. } => self.uploaded(cx, &self.name(&path), upload),
            FolderEvent::Skipped { path, reason, .. } => {
                self.skipped(cx, &self.name(&path), reason, named.contains(&path));
            }
            FolderEvent::Failed { path, error, .. } => self.failed(cx, &self.name(&path), error.into()),
            FolderEvent::NotListed { error, .. } => self.not_listed(cx, error.into()),
            // A stream counts as well, and all are waited for together.
            _ => {}
        }
    }

    /// Tells of each file whose upload was under way when the time for it was over.
    pub(super) fn cut_off(&mut self, cx: &mut Context) {
        for path in std::mem::take(&mut self.open) {
            let failure = Failure::other("the upload was cut off: the server may have taken it");
            self.failed(cx, &self.name(&path), failure);
        }
    }

    /// From now on a file is told by this name.
    pub(super) fn call(&mut self, path: PathBuf, name: String) {
        self.names.insert(path, name);
    }

    fn name(&self, path: &Path) -> String {
        self.names.get(path).cloned().unwrap_or_else(|| path.display().to_string())
    }

    /// Takes what became of a stream: the upload, and whether the server has the content already.
    pub(super) fn sent(&mut self, cx: &mut Context, name: &str, sent: Result<(Uploaded, bool), Failure>) {
        self.display.more();
        match sent {
            Ok((upload, false)) => self.uploaded(cx, name, upload),
            Ok((upload, true)) => self.already_there(cx, name, upload),
            Err(failure) => self.failed(cx, name, failure),
        }
    }

    /// Counts a file that was found, and is not uploaded since nothing more is.
    pub(super) fn not_tried(&mut self) {
        self.display.more();
        self.counts.not_tried += 1;
    }

    fn uploaded(&mut self, cx: &mut Context, name: &str, upload: Uploaded) {
        self.counts.uploaded += 1;
        self.display.step();
        self.display.last(name);
        cx.unfinished.add(&upload);
        self.document(cx, ("uploaded", "uploaded"), name, &upload);
        self.taken.push((name.to_owned(), upload));
    }

    fn already_there(&mut self, cx: &mut Context, name: &str, upload: Uploaded) {
        self.counts.skipped += 1;
        self.display.step();
        // It may still be on its way.
        if self.waits {
            cx.unfinished.add(&upload);
        }
        self.document(cx, ("skipped", "unchanged"), name, &upload);
        self.taken.push((name.to_owned(), upload));
    }

    /// A row, or a line of JSON, for a document: how the event is called there, and how here.
    fn document(&mut self, cx: &mut Context, (event, status): (&str, &str), name: &str, upload: &Uploaded) {
        if !cx.out.is_json() {
            self.unnamed.extend(upload.pdf_id().filter(|_| upload.document_id().is_none()).cloned());
            return self.display.row(cx, upload.document_id(), status, upload.task_id(), name);
        }
        let mut line = line(event, name, Some(upload));
        if event != status {
            line.insert("reason".to_owned(), ALREADY_THERE.into());
        }
        self.display.line(cx, &line);
    }

    fn skipped(&mut self, cx: &mut Context, name: &str, reason: SkipReason, named: bool) {
        match reason {
            SkipReason::AlreadyThere { document_id: Some(id), .. } => {
                return self.already_there(cx, name, id.into());
            }
            SkipReason::Empty if named => {
                return self.failed(
                    cx,
                    name,
                    Failure::other(format!("{name} is empty: no server takes that")),
                );
            }
            _ => {}
        }
        self.display.step();
        // The failure that ended the run was told; which files were not tried is of no interest.
        if reason == SkipReason::NotTried {
            self.counts.not_tried += 1;
            return;
        }
        self.counts.skipped += 1;
        if cx.out.is_json() {
            let mut line = line("skipped", name, None);
            line.insert("reason".to_owned(), reason.to_string().into());
            return self.display.line(cx, &line);
        }
        if named || cx.notes.is_verbose() {
            self.display.say(cx, format!("skipped {name}: {reason}"));
        } else {
            *self.skips.entry(reason.to_string()).or_default() += 1;
        }
    }

    /// Takes a path of which nothing could be made.
    pub(super) fn unusable(&mut self, cx: &mut Context, path: &str, failure: Failure) {
        self.display.more();
        self.failed(cx, path, failure);
    }

    fn failed(&mut self, cx: &mut Context, name: &str, failure: Failure) {
        self.counts.failed += 1;
        self.display.step();
        self.stopped |= matches!(failure.exit(), Exit::Unauthorized | Exit::Usage);
        self.failure(cx, "failed", name, None, failure);
    }

    fn failure(
        &mut self,
        cx: &mut Context,
        event: &str,
        name: &str,
        upload: Option<&Uploaded>,
        failure: Failure,
    ) {
        self.exits.add(failure.exit());
        let failure = if name.is_empty() { failure } else { failure.of(name) };
        if cx.out.is_json() {
            let mut line = line(event, name, upload);
            set_failure(&mut line, &failure);
            self.display.line(cx, &line);
        }
        self.display.failure(cx, &failure);
    }

    /// What is there cannot be listed, which is no failure of any file.
    fn not_listed(&mut self, cx: &mut Context, failure: Failure) {
        self.exits.add(failure.exit());
        let failure = failure.of("what is there already cannot be listed, so nothing was uploaded");
        if cx.out.is_json() {
            let mut line = Map::new();
            line.insert("event".to_owned(), "not_listed".into());
            set_failure(&mut line, &failure);
            self.display.line(cx, &line);
        }
        self.display.failure(cx, &failure);
    }

    /// What is to be waited for, from now on.
    pub(super) fn begin_waiting(&mut self) -> Vec<(String, Uploaded)> {
        let taken = std::mem::take(&mut self.taken);
        self.waiting = taken.len();
        self.display.begin_waiting(taken.len());
        taken
    }

    pub(super) fn ended(&mut self, cx: &mut Context, ended: Ended) {
        let Ended { name, upload, result } = ended;
        self.waiting = self.waiting.saturating_sub(1);
        self.display.step();
        match result {
            Ok(document) => {
                cx.unfinished.remove(&upload);
                self.counts.processed += 1;
                if cx.out.is_json() {
                    let mut line = line("processed", &name, Some(&upload));
                    line.insert("document".to_owned(), json!(document));
                    return self.display.line(cx, &line);
                }
                if upload.pdf_id().is_some_and(|id| self.unnamed.remove(id)) {
                    self.display.row(cx, Some(&document.id), "processed", upload.task_id(), &name);
                }
                let chunks = counted(document.chunk_count, "chunk");
                self.display.say(cx, format!("processed {name}: {chunks}"));
            }
            Err(failure) => {
                // What has failed is not worth waiting for.
                if failure.exit() != Exit::Unavailable {
                    cx.unfinished.remove(&upload);
                }
                self.counts.not_processed += 1;
                self.failure(cx, "processing_failed", &name, Some(&upload), failure);
            }
        }
    }

    /// Tells what became of all.
    pub(super) fn finish(mut self, cx: &mut Context) -> Result<(), Failure> {
        self.display.clear();
        for (reason, count) in &self.skips {
            cx.notes.say(format!("skipped {}: {reason}", counted(*count, "file")));
        }
        if !self.skips.is_empty() {
            cx.notes.hint("-v names each file that is skipped");
        }
        let interrupted = *cx.interrupted.borrow();
        if self.waits {
            self.counts.left = self.waiting + self.taken.len();
        }
        if self.counts.found() == 0 && self.exits.result().is_ok() && !interrupted {
            cx.notes.warn(NOTHING);
        }
        if self.display.is_json(cx) {
            self.display.line(cx, &self.counts.line(self.waits));
        } else if self.counts.found() != 1 {
            cx.notes.say(self.counts.text(self.waits));
        }
        let result = self.display.result().and_then(|()| self.exits.result());
        if result.is_ok() && !self.waits && !interrupted {
            // Nobody wants to wait, and nothing went wrong.
            cx.unfinished.clear();
        }
        result
    }
}

/// The beginning of a line of JSON.
fn line(event: &str, name: &str, upload: Option<&Uploaded>) -> Map<String, Value> {
    let mut line = Map::new();
    let mut set = |field: &str, value: Option<String>| {
        if let Some(value) = value {
            line.insert(field.to_owned(), value.into());
        }
    };
    set("event", Some(event.to_owned()));
    set("file", Some(name.to_owned()));
    if let Some(upload) = upload {
        set("document_id", upload.document_id().map(ToString::to_string));
        set("pdf_id", upload.pdf_id().map(ToString::to_string));
        set("task_id", upload.task_id().map(ToString::to_string));
        set("track_id", upload.track_id().map(ToString::to_string));
    }
    line
}

/// The end of a line of JSON that tells of a failure.
fn set_failure(line: &mut Map<String, Value>, failure: &Failure) {
    line.insert("error".to_owned(), failure.line().into());
    line.insert("exit_code".to_owned(), (failure.exit() as u8).into());
}
