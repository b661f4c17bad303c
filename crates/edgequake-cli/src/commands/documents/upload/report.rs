//! [`Report`]: tells what becomes of each file as it happens, and what became of all.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use edgequake_client::folder::{FolderEvent, SkipReason};
use edgequake_client::resources::Uploaded;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use serde_json::{Map, Value, json};

use super::super::together::Ended;
use crate::commands::{counted, or_empty};
use crate::context::Context;
use crate::failure::{Exit, Exits, Failure};
use crate::output::Table;

/// Why a file is skipped whose content the workspace has.
const ALREADY_THERE: &str = "already in the workspace";

/// Rows for documents go to stdout, all else to stderr; with JSON, all that happens goes to stdout. A bar is shown on a terminal.
pub(super) struct Report {
    table: Table,
    bar: ProgressBar,
    exits: Exits,
    counts: Counts,
    waits: bool,
    /// What is to be waited for.
    taken: Vec<(String, Uploaded)>,
    stopped: bool,
}

#[derive(Debug, Default)]
struct Counts {
    uploaded: u64,
    skipped: u64,
    failed: u64,
    not_tried: u64,
    processed: u64,
    not_processed: u64,
}

impl Report {
    pub(super) fn new(waits: bool) -> Self {
        // Nothing is drawn where stderr is no terminal.
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        // The template is right, so there is no error to be had.
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos} of {len}  {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
        let bar = bar.with_style(style).with_prefix("uploaded").with_finish(ProgressFinish::AndClear);
        Self {
            table: Table::new(&["ID", "STATUS", "TASK", "FILE"]).optional(&["TASK"]),
            bar,
            exits: Exits::default(),
            counts: Counts::default(),
            waits,
            taken: Vec::new(),
            stopped: false,
        }
    }

    /// Whether a failure would hit all other files as well.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether files were found whose turn did not come.
    pub(super) fn left_some(&self) -> bool {
        self.counts.not_tried > 0
    }

    /// Takes an event of the run, of which these files were named by the user.
    pub(super) fn take(
        &mut self,
        cx: &mut Context,
        event: FolderEvent,
        named: &HashSet<PathBuf>,
    ) -> Result<(), Failure> {
        match event {
            FolderEvent::Found { .. } => {
                self.found(1);
                Ok(())
            }
            FolderEvent::Uploaded { path, upload, .. } => self.uploaded(cx, &name(&path), upload),
            FolderEvent::Skipped { path, reason, .. } => {
                self.skipped(cx, &name(&path), reason, named.contains(&path))
            }
            FolderEvent::Failed { path, error, .. } => self.failed(cx, &name(&path), error.into()),
            // A stream counts as well, and all are waited for together.
            _ => Ok(()),
        }
    }

    pub(super) fn found(&mut self, files: u64) {
        self.bar.inc_length(files);
    }

    pub(super) fn uploaded(&mut self, cx: &mut Context, name: &str, upload: Uploaded) -> Result<(), Failure> {
        self.counts.uploaded += 1;
        self.bar.inc(1);
        self.bar.set_message(name.to_owned());
        self.document(cx, ("uploaded", "uploaded"), name, &upload)?;
        cx.unfinished.add(&upload);
        self.taken.push((name.to_owned(), upload));
        Ok(())
    }

    pub(super) fn already_there(
        &mut self,
        cx: &mut Context,
        name: &str,
        upload: Uploaded,
    ) -> Result<(), Failure> {
        self.counts.skipped += 1;
        self.bar.inc(1);
        self.document(cx, ("skipped", "unchanged"), name, &upload)?;
        // It may still be on its way.
        if self.waits {
            cx.unfinished.add(&upload);
        }
        self.taken.push((name.to_owned(), upload));
        Ok(())
    }

    /// Takes what became of a stream: the upload, and whether the server has the content already.
    pub(super) fn sent(
        &mut self,
        cx: &mut Context,
        name: &str,
        sent: Result<(Uploaded, bool), Failure>,
    ) -> Result<(), Failure> {
        self.found(1);
        match sent {
            Ok((upload, false)) => self.uploaded(cx, name, upload),
            Ok((upload, true)) => self.already_there(cx, name, upload),
            Err(failure) => self.failed(cx, name, failure),
        }
    }

    /// Counts a file that was found, and is not uploaded since nothing more is.
    pub(super) fn not_tried(&mut self) {
        self.found(1);
        self.counts.not_tried += 1;
    }

    /// A row, or a line of JSON, for a document: how the event is called there, and how here.
    fn document(
        &mut self,
        cx: &mut Context,
        (event, status): (&str, &str),
        name: &str,
        upload: &Uploaded,
    ) -> Result<(), Failure> {
        let Self { table, bar, .. } = self;
        if cx.out.is_json() {
            let mut line = line(event, name, Some(upload));
            if event != status {
                line.insert("reason".to_owned(), ALREADY_THERE.into());
            }
            return bar.suspend(|| cx.out.json_line(&line));
        }
        let ids = [or_empty(upload.document_id()), or_empty(upload.task_id())];
        let [id, task] = ids;
        table.row(vec![id, status.to_owned(), task, name.to_owned()]);
        bar.suspend(|| table.write(&mut cx.out).and_then(|()| cx.out.flush()))
    }

    fn skipped(
        &mut self,
        cx: &mut Context,
        name: &str,
        reason: SkipReason,
        named: bool,
    ) -> Result<(), Failure> {
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
        self.bar.inc(1);
        // The failure that ended the run was told; which files were not tried is of no interest.
        if reason == SkipReason::NotTried {
            self.counts.not_tried += 1;
            return Ok(());
        }
        self.counts.skipped += 1;
        if cx.out.is_json() {
            let mut line = line("skipped", name, None);
            line.insert("reason".to_owned(), reason.to_string().into());
            return self.bar.suspend(|| cx.out.json_line(&line));
        }
        self.bar.suspend(|| cx.notes.say(format!("skipped {name}: {reason}")));
        Ok(())
    }

    pub(super) fn failed(&mut self, cx: &mut Context, name: &str, failure: Failure) -> Result<(), Failure> {
        self.counts.failed += 1;
        self.bar.inc(1);
        self.stopped |= matches!(failure.exit(), Exit::Unauthorized | Exit::Usage);
        self.failure(cx, "failed", name, None, failure)
    }

    fn failure(
        &mut self,
        cx: &mut Context,
        event: &str,
        name: &str,
        upload: Option<&Uploaded>,
        failure: Failure,
    ) -> Result<(), Failure> {
        self.exits.add(failure.exit());
        let failure = if name.is_empty() { failure } else { failure.of(name) };
        self.bar.suspend(|| {
            if cx.out.is_json() {
                let mut line = line(event, name, upload);
                line.insert("error".to_owned(), failure.line().into());
                line.insert("exit_code".to_owned(), (failure.exit() as u8).into());
                cx.out.json_line(&line)?;
            }
            cx.notes.failure(&failure, &cx.credential.to_string());
            Ok(())
        })
    }

    /// What is to be waited for, from now on.
    pub(super) fn begin_waiting(&mut self) -> Vec<(String, Uploaded)> {
        let taken = std::mem::take(&mut self.taken);
        self.bar.set_prefix("processed");
        self.bar.set_message("");
        self.bar.set_length(taken.len() as u64);
        self.bar.set_position(0);
        taken
    }

    pub(super) fn ended(&mut self, cx: &mut Context, ended: Ended) -> Result<(), Failure> {
        let Ended { name, upload, result } = ended;
        self.bar.inc(1);
        match result {
            Ok(document) => {
                cx.unfinished.remove(&upload);
                self.counts.processed += 1;
                if cx.out.is_json() {
                    let mut line = line("processed", &name, Some(&upload));
                    line.insert("document".to_owned(), json!(document));
                    return self.bar.suspend(|| cx.out.json_line(&line));
                }
                let chunks = counted(document.chunk_count, "chunk");
                self.bar.suspend(|| cx.notes.say(format!("processed {name}: {chunks}")));
                Ok(())
            }
            Err(failure) => {
                // What has failed is not worth waiting for.
                if failure.exit() != Exit::Unavailable {
                    cx.unfinished.remove(&upload);
                }
                self.counts.not_processed += 1;
                self.failure(cx, "processing_failed", &name, Some(&upload), failure)
            }
        }
    }

    /// Tells what became of all.
    pub(super) fn finish(self, cx: &mut Context) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        let Counts { uploaded, skipped, failed, not_tried, processed, not_processed } = self.counts;
        let found = uploaded + skipped + failed + not_tried;
        if cx.out.is_json() {
            let mut line = json!({
                "event": "finished",
                "found": found,
                "uploaded": uploaded,
                "skipped": skipped,
                "failed": failed,
                "not_tried": not_tried,
            });
            if let Some(line) = line.as_object_mut().filter(|_| self.waits) {
                line.insert("processed".to_owned(), processed.into());
                line.insert("processing_failed".to_owned(), not_processed.into());
            }
            cx.out.json_line(&line)?;
        } else if found != 1 {
            let mut text = format!("{found} files: {uploaded} uploaded, {skipped} skipped, {failed} failed");
            if not_tried > 0 {
                text = format!("{text}, {not_tried} not tried");
            }
            if self.waits {
                text = format!("{text}; {processed} processed, {not_processed} not");
            }
            cx.notes.say(text);
        }
        let interrupted = *cx.interrupted.borrow();
        let result = self.exits.result();
        if result.is_ok() && !self.waits && !interrupted {
            // Nobody wants to wait, and nothing went wrong.
            cx.unfinished.clear();
        }
        result
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
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
