//! The progress of PDF files: asked for, and as a stream.

use std::time::Duration;

use edgequake_devserver::{DevServer, Era, Fault};
use edgequake_types::Event;
use edgequake_types::pdf::{
    GetPdfProgress, PdfPhase, PdfPhaseName, PdfProgressEvent, PdfStatus, PhaseStatus, StreamPdfProgress,
};

use crate::documents::default_workspace;
use crate::pdfs::{ingested, until, upload};
use crate::support::{Answer, Api, with_users};

#[tokio::test]
async fn progress_of_documents_whose_status_names_the_stage() {
    let (server, api) = default_workspace(with_users().stage_as_status(true)).await;
    server.faults().add(Fault::hang_processing("extracting").times(1)).unwrap();
    let uploaded = api.ok(&upload()).await;
    let task = uploaded.task_id.unwrap();
    let mut progress = api.ok(&GetPdfProgress::new(&task)).await;
    for _ in 0..10_000 {
        let is_there = |phase: &PdfPhase| match phase.status {
            PhaseStatus::Failed => true,
            PhaseStatus::Pending => false,
            _ => phase.phase == PdfPhaseName::Extraction,
        };
        if progress.phases.iter().any(is_there) {
            break;
        }
        progress = api.ok(&GetPdfProgress::new(&task)).await;
    }
    let told = |name: PdfPhaseName| {
        progress.phases.iter().find(|phase| phase.phase == name).map(|phase| phase.status.clone()).unwrap()
    };
    assert_eq!(
        [told(PdfPhaseName::Chunking), told(PdfPhaseName::Extraction), told(PdfPhaseName::GraphStorage)],
        [PhaseStatus::Complete, PhaseStatus::Active, PhaseStatus::Pending]
    );
    assert!(!progress.is_failed);
}

#[tokio::test]
async fn progress_goes_by_the_task() {
    for era in [Era::B, Era::C] {
        let (server, api) = default_workspace(with_users().era(era)).await;
        server.faults().add(Fault::hang_processing("converting").times(1)).unwrap();
        let uploaded = api.ok(&upload().track_id("mine")).await;
        until(&api, &uploaded.pdf_id, PdfStatus::Processing).await;
        let progress = api.ok(&GetPdfProgress::new(uploaded.task_id.as_ref().unwrap())).await;
        let states: Vec<(PdfPhaseName, PhaseStatus)> =
            progress.phases.iter().map(|phase| (phase.phase.clone(), phase.status.clone())).collect();
        let pending = |name| (name, PhaseStatus::Pending);
        let expected = [
            (PdfPhaseName::Upload, PhaseStatus::Complete),
            (PdfPhaseName::PdfConversion, PhaseStatus::Active),
            pending(PdfPhaseName::Chunking),
            pending(PdfPhaseName::Embedding),
            pending(PdfPhaseName::Extraction),
            pending(PdfPhaseName::GraphStorage),
        ];
        assert_eq!(states, expected);
        assert_eq!((progress.overall_percentage, progress.is_finished()), (17.0, false));
        // The id of the caller's own leads nowhere; older servers do not say so.
        let own = api.send(&GetPdfProgress::new("mine")).await;
        if era == Era::C {
            assert_eq!(own.cause(), "404 NOT_FOUND");
        } else {
            let own = own.model::<GetPdfProgress>();
            assert!(
                own.phases.iter().all(|phase| phase.status == PhaseStatus::Pending) && own.phases.len() == 6
            );
        }
        assert_eq!(api.send(&GetPdfProgress::new("nowhere")).await.cause(), "404 NOT_FOUND");
        assert_eq!(api.send(&StreamPdfProgress::new("nowhere")).await.cause(), "404 NOT_FOUND");
    }
}

/// The events of a stream that has ended.
fn events(answer: &Answer) -> Vec<PdfProgressEvent> {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/event-stream"));
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let read = |block: &str| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        PdfProgressEvent::decode(field("event:"), field("data:")?, &mut ()).unwrap()
    };
    text.split("\n\n").filter_map(read).collect()
}

#[tokio::test]
async fn a_stream_tells_progress_up_to_the_end() {
    // Without sessions, which would expire as the clock moves.
    let hour = Duration::from_secs(3600);
    let server = DevServer::builder().auth(false).processing_delay(hour).start().await.unwrap();
    let api = Api::new(&server).in_default();
    let uploaded = api.ok(&upload()).await;
    let request = StreamPdfProgress::new(uploaded.task_id.as_ref().unwrap());
    let following = tokio::spawn({
        let api = api.clone();
        async move { api.send(&request).await }
    });
    let clock = server.clock();
    while !following.is_finished() {
        clock.advance(Duration::from_secs(600));
        tokio::task::yield_now().await;
    }
    let told = events(&following.await.unwrap());
    let (last, before) = told.split_last().unwrap();
    assert!(matches!(last, PdfProgressEvent::Complete(Some(progress)) if progress.is_success()), "{last:?}");
    let fractions: Vec<f64> = before.iter().map(|event| event.progress().unwrap().fraction()).collect();
    assert!(fractions.is_sorted() && fractions.last() == Some(&1.0), "{fractions:?}");
    // Who comes late hears how it ended.
    let late = StreamPdfProgress::new(uploaded.task_id.as_ref().unwrap());
    let late = events(&api.send(&late).await);
    assert!(
        matches!(late.as_slice(), [PdfProgressEvent::Progress(_), PdfProgressEvent::Complete(_)]),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_stream_tells_a_failure() {
    let (server, api) = default_workspace(with_users()).await;
    server.faults().add(Fault::fail_processing("extracting").times(1)).unwrap();
    let uploaded = api.ok(&upload()).await;
    ingested(&api, &uploaded).await;
    let request = StreamPdfProgress::new(uploaded.task_id.as_ref().unwrap());
    let told = events(&api.send(&request).await);
    let [PdfProgressEvent::Progress(progress), PdfProgressEvent::Failed(failure)] = told.as_slice() else {
        panic!("{told:?}")
    };
    let failed = progress.phases.iter().find(|phase| phase.status == PhaseStatus::Failed).unwrap();
    assert_eq!((failed.phase.clone(), progress.is_failed), (PdfPhaseName::Extraction, true));
    assert_eq!(failure.message, "Processing failed at stage extracting");
}
