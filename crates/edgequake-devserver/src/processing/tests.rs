use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::{TaskStatus, TaskType};

use super::*;
use crate::auth::token::Signer;
use crate::clock::Clock;
use crate::config::Config;
use crate::faults::{Fault, Faults};
use crate::place::Place;
use crate::state::Directory;

/// A server and a document that is being processed by nobody.
fn job() -> (Arc<App>, Job) {
    let signer = Signer::new().unwrap();
    let app = App::new(Config::default(), Clock::start(), signer, Faults::default(), Directory::default());
    let app = Arc::new(app);
    let space = app.spaces.open(&Place::server_default());
    let document = DocumentId::new("d");
    let now = app.clock.timestamp();
    let mut contents = space.contents();
    let task = contents.tasks.create(TaskType::Insert, &space.place, Some(document.clone()), now);
    assert!(contents.documents.insert(StoredDocument::test("d", "text", task, now)));
    drop(contents);
    let job = Job::new(&app, &space, document).unwrap();
    (app, job)
}

#[tokio::test]
async fn a_panic_fails_the_document() {
    let (_app, job) = job();
    job.enter(&Step::new("chunking", 1)).unwrap();
    guarded(job.clone(), async { panic!("on purpose") }).await;
    let contents = job.space.contents();
    let document = contents.documents.get(&job.document).unwrap();
    assert_eq!((document.status.clone(), document.stage), (DocumentStatus::Failed, "failed"));
    let task = &contents.tasks.get(&document.task_id).unwrap().task;
    assert_eq!(
        (task.status.clone(), task.error_message.as_deref()),
        (TaskStatus::Failed, Some("Processing panicked"))
    );
}

#[tokio::test]
async fn a_fault_waits_by_the_clock_until_it_is_cancelled() {
    let day = Duration::from_secs(24 * 60 * 60);
    let (app, job) = job();
    let status = || job.in_flight(|document| document.status.clone());
    app.faults.add(Fault::fail_processing("embedding").delay(day)).unwrap();
    {
        let mut fails = std::pin::pin!(job.apply_fault("embedding"));
        assert!(fails.as_mut().now_or_never().is_none());
        assert!(status().is_some(), "it has not failed yet");
        app.clock.advance(day);
        assert_eq!(fails.await, None);
    }
    assert_eq!(status(), None);

    let (app, job) = self::job();
    app.faults.add(Fault::partial_processing("embedding").delay(day)).unwrap();
    let mut waits = std::pin::pin!(job.apply_fault("embedding"));
    assert!(waits.as_mut().now_or_never().is_none());
    job.stop.stop();
    assert_eq!(waits.await, None);
}

#[tokio::test]
async fn long_work_stops_when_nobody_waits_for_it() {
    let stop = Stop::default();
    stop.stop();
    let text = "A sentence. ".repeat(1_000);
    assert_eq!(chunks(&text, || stop.is_stopped()), None);
    let chunks = chunks(&text, || false).unwrap();
    assert!(prepare(chunks, &Missing::default(), &stop).is_none());
    stop.stopped().await;
}

#[tokio::test]
async fn a_document_has_one_job_at_a_time() {
    let (app, job) = job();
    assert!(Job::new(&app, &job.space, job.document.clone()).is_none());
    let again = put_back(
        &mut job.space.contents(),
        &job.space,
        &job.document,
        &edgequake_types::TrackId::new("again"),
        app.clock.timestamp(),
    );
    // The first one is over, whatever it does.
    assert!(job.in_flight(|_| ()).is_none() && job.enter(&Step::new("chunking", 1)).is_none());
    assert_eq!(job.fail("chunking", "It was not mine"), None);
    let second = Job::new(&app, &job.space, job.document.clone()).unwrap();
    second.enter(&Step::new("chunking", 1)).unwrap();
    let contents = job.space.contents();
    let document = contents.documents.get(&job.document).unwrap();
    assert_eq!((&document.task_id, document.track_id.as_str()), (&again.unwrap().task, "again"));
    assert_eq!(contents.documents.on_track(&document.track_id).count(), 1);
}
