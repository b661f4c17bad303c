//! [`Display`]: rows for documents on stdout, all else on stderr; with JSON, all that happens on stdout. A bar is shown on a terminal.

use edgequake_types::{DocumentId, TrackId};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use serde_json::{Map, Value};

use crate::commands::or_empty;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Output, Table};

/// What is shown while files are uploaded.
pub(super) struct Display {
    table: Table,
    bar: ProgressBar,
    stdout: Stdout,
}

/// What has become of stdout. Once something could not be written, nothing more is: uploads do not end with their reader.
enum Stdout {
    Open,
    /// Nobody reads it any more.
    Closed,
    Broken(Failure),
}

impl Display {
    pub(super) fn new() -> Self {
        // Nothing is drawn where stderr is no terminal.
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        // The template is right, so there is no error to be had.
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos} of {len}  {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
        let bar = bar.with_style(style).with_prefix("uploaded").with_finish(ProgressFinish::AndClear);
        let table = Table::new(&["ID", "STATUS", "TASK", "FILE"]).optional(&["TASK"]);
        Self { table, bar, stdout: Stdout::Open }
    }

    /// Whether stdout is there, or was closed by whoever read it.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self.stdout, Stdout::Broken(_))
    }

    /// Whether what happens is written as JSON, and read.
    pub(super) fn is_json(&self, cx: &Context) -> bool {
        cx.out.is_json() && matches!(self.stdout, Stdout::Open)
    }

    /// There is one more.
    pub(super) fn more(&self) {
        self.bar.inc_length(1);
    }

    /// One more has ended.
    pub(super) fn step(&self) {
        self.bar.inc(1);
    }

    /// What was uploaded last.
    pub(super) fn last(&self, name: &str) {
        self.bar.set_message(name.to_owned());
    }

    /// From now on so many are waited for.
    pub(super) fn begin_waiting(&self, count: usize) {
        self.bar.set_prefix("processed");
        self.bar.set_message("");
        self.bar.set_length(count as u64);
        self.bar.set_position(0);
    }

    /// A row for a document.
    pub(super) fn row(
        &mut self,
        cx: &mut Context,
        document_id: Option<&DocumentId>,
        status: &str,
        task_id: Option<&TrackId>,
        name: &str,
    ) {
        self.table.row(vec![or_empty(document_id), status.to_owned(), or_empty(task_id), name.to_owned()]);
        self.write(cx, |table, out| table.write(out).and_then(|()| out.flush()));
    }

    /// A line of JSON.
    pub(super) fn line(&mut self, cx: &mut Context, line: &Map<String, Value>) {
        self.write(cx, |_, out| out.json_line(line));
    }

    fn write(
        &mut self,
        cx: &mut Context,
        write: impl FnOnce(&mut Table, &mut Output) -> Result<(), Failure>,
    ) {
        let Self { table, bar, stdout: stdout @ Stdout::Open } = self else { return };
        match bar.suspend(|| write(table, &mut cx.out)) {
            Ok(()) => {}
            Err(Failure::PipeClosed) => *stdout = Stdout::Closed,
            Err(failure) => *stdout = Stdout::Broken(failure),
        }
    }

    /// Something worth knowing, on stderr.
    pub(super) fn say(&self, cx: &Context, text: String) {
        self.bar.suspend(|| cx.notes.say(text));
    }

    /// What went wrong, on stderr.
    pub(super) fn failure(&self, cx: &Context, failure: &Failure) {
        self.bar.suspend(|| cx.notes.failure(failure, &cx.credential.to_string()));
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// A failure, if stdout could not be written to.
    pub(super) fn result(self) -> Result<(), Failure> {
        match self.stdout {
            Stdout::Open | Stdout::Closed => Ok(()),
            Stdout::Broken(failure) => Err(failure),
        }
    }
}
