//! [`run`]: walks, uploads and waits, all at once and each within its limit, and tells what becomes of each file.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use super::ends::Ends;
use super::event::{FolderEvent, FolderReport, SkipReason};
use super::file::{Files, Outcome};
use super::held::Held;
use super::options::Options;
use super::walk::{Item, Sources};
use crate::body::file::blocking;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::resources::Uploaded;
use crate::resources::watch::{Ended, Watch};

/// Something that one of the tasks of a run has done.
enum Step {
    Walked(Option<Sources>, Vec<Item>),
    File(PathBuf, Outcome),
    Asked(Box<Watch<PathBuf>>, Vec<Ended<PathBuf>>),
}

/// Nobody listens any more.
pub(super) struct Dropped;

/// A run. Dropping it ends all that it has begun.
pub(super) struct Run {
    files: Arc<Files>,
    events: Sender<FolderEvent>,
    report: FolderReport,
    tasks: JoinSet<Step>,
    /// The files that are being uploaded.
    uploading: HashMap<Id, PathBuf>,
    sources: Option<Sources>,
    walking: bool,
    queue: VecDeque<Item>,
    /// `None` while it asks.
    watch: Option<Box<Watch<PathBuf>>>,
    /// What it is to wait for from the next round on.
    fresh: Vec<(PathBuf, Uploaded)>,
    ends: Ends,
    stop: CancellationToken,
}

/// Runs to the end, or until nobody listens.
pub(super) async fn run(
    client: Client,
    sources: Sources,
    options: Options,
    events: Sender<FolderEvent>,
    stop: CancellationToken,
) -> Result<(), Dropped> {
    let watch = Box::new(Watch::new(client.clone(), options.wait_limit));
    let loaded = match options.resume {
        true => stop.run_until_cancelled(Held::load(&client)).await,
        false => None,
    };
    let (held, failed) = match loaded {
        Some(Ok(held)) => (Some(held), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let resume_incomplete = held.as_ref().is_some_and(|held| held.incomplete);
    if resume_incomplete {
        tracing::warn!("the list of documents was not complete; files may be sent that the workspace has");
    }
    let report = FolderReport { resume_incomplete, ..FolderReport::default() };
    let mut run = Run {
        files: Arc::new(Files::new(client, options, held, stop.clone())),
        events,
        report,
        tasks: JoinSet::new(),
        uploading: HashMap::new(),
        sources: Some(sources),
        walking: false,
        queue: VecDeque::new(),
        watch: Some(watch),
        fresh: Vec::new(),
        ends: Ends::default(),
        stop,
    };
    if let Some(error) = failed {
        run.stop.cancel();
        run.tell(FolderEvent::NotListed { error }).await?;
    }
    run.finish().await
}

impl Run {
    async fn finish(mut self) -> Result<(), Dropped> {
        loop {
            self.begin().await?;
            let next = self.tasks.join_next_with_id();
            let joined = if self.stop.is_cancelled() {
                next.await
            } else {
                match self.stop.run_until_cancelled(next).await {
                    Some(joined) => joined,
                    None => continue,
                }
            };
            let Some(joined) = joined else { break };
            match joined {
                Ok((id, step)) => {
                    self.uploading.remove(&id);
                    self.take(step).await?;
                }
                // A closure of the caller's panicked, or the runtime is going.
                Err(error) => match self.uploading.remove(&error.id()) {
                    Some(path) => self.failed(path, Error::new(ErrorKind::Other).because(error)).await?,
                    None => break,
                },
            }
        }
        let report = std::mem::take(&mut self.report);
        self.events.send(FolderEvent::Finished(report)).await.map_err(|_| Dropped)
    }

    /// Begins what there is room for.
    async fn begin(&mut self) -> Result<(), Dropped> {
        while self.stop.is_cancelled() || self.uploading.len() < self.files.options.concurrency {
            let Some(item) = self.queue.pop_front() else { break };
            self.open(item).await?;
        }
        if self.queue.is_empty()
            && !self.walking
            && let Some(sources) = self.sources.take()
        {
            self.walking = true;
            let rules = self.files.options.rules.clone();
            self.tasks.spawn(async move {
                match blocking(move || Ok(sources.next(&rules))).await {
                    Ok(Ok((sources, items))) => Step::Walked(sources, items),
                    Ok(Err(error)) => {
                        let error = Error::of_failure(error.into());
                        Step::Walked(None, vec![Item::Failed { path: PathBuf::new(), error }])
                    }
                    Err(_) => Step::Walked(None, Vec::new()),
                }
            });
        }
        if let Some(mut watch) = self.watch.take() {
            for (path, upload) in self.fresh.drain(..) {
                watch.add(path, upload);
            }
            if watch.len() == 0 {
                self.watch = Some(watch);
            } else {
                self.tasks.spawn(async move {
                    let ended = watch.round().await;
                    Step::Asked(watch, ended)
                });
            }
        }
        Ok(())
    }

    async fn open(&mut self, item: Item) -> Result<(), Dropped> {
        match item {
            Item::File { path, size, title } => {
                self.tell(FolderEvent::Found { path: path.clone(), size }).await?;
                if self.stop.is_cancelled() {
                    return self.tell(FolderEvent::Skipped { path, reason: SkipReason::NotTried }).await;
                }
                let files = Arc::clone(&self.files);
                let file = path.clone();
                let task = self.tasks.spawn(async move {
                    let outcome = files.upload(&file, title).await;
                    Step::File(file, outcome)
                });
                self.uploading.insert(task.id(), path);
                Ok(())
            }
            Item::Skip { path, size, reason } => {
                self.tell(FolderEvent::Found { path: path.clone(), size }).await?;
                self.tell(FolderEvent::Skipped { path, reason }).await
            }
            Item::Failed { path, error } => self.unreadable(path, error).await,
        }
    }

    async fn take(&mut self, step: Step) -> Result<(), Dropped> {
        match step {
            Step::Walked(sources, items) => {
                (self.sources, self.walking) = (sources, false);
                self.queue.extend(items);
                Ok(())
            }
            Step::File(path, Outcome::Uploaded(upload, bytes)) => {
                self.ends.reached();
                self.report.uploaded_bytes += bytes;
                self.wait_for(&path, &upload);
                self.tell(FolderEvent::Uploaded { path, upload }).await
            }
            Step::File(path, Outcome::Skipped(reason, on_its_way)) => {
                if let Some(upload) = on_its_way {
                    self.wait_for(&path, &upload);
                }
                self.tell(FolderEvent::Skipped { path, reason }).await
            }
            Step::File(path, Outcome::Failed(error)) => {
                if self.ends.at(&error, self.report.uploaded) {
                    self.stop.cancel();
                }
                self.failed(path, error).await
            }
            Step::Asked(watch, ended) => {
                self.watch = Some(watch);
                for Ended { tag: path, upload, result } in ended {
                    self.tell(match result {
                        Ok(document) => FolderEvent::Processed { path, document: Box::new(document) },
                        Err(error) => FolderEvent::ProcessingFailed { path, upload, error },
                    })
                    .await?;
                }
                Ok(())
            }
        }
    }

    fn wait_for(&mut self, path: &Path, upload: &Uploaded) {
        if self.files.options.wait {
            self.fresh.push((path.to_owned(), upload.clone()));
        }
    }

    async fn failed(&mut self, path: PathBuf, error: Error) -> Result<(), Dropped> {
        self.tell(FolderEvent::Failed { path, error }).await
    }

    /// What could not be looked at counts as found.
    async fn unreadable(&mut self, path: PathBuf, error: Error) -> Result<(), Dropped> {
        self.report.found += 1;
        self.failed(path, error).await
    }

    async fn tell(&mut self, event: FolderEvent) -> Result<(), Dropped> {
        self.report.count(&event);
        self.events.send(event).await.map_err(|_| Dropped)
    }
}
