use std::time::Duration;

use serde_json::{Value, json};

use crate::tasks::*;
use crate::testing::{assert_round_trip, read, written};
use crate::{Decode, Paginated, Pagination};

#[test]
fn states() {
    for (word, terminal, success, written) in [
        ("pending", false, false, "pending"),
        ("processing", false, false, "processing"),
        ("indexed", true, true, "indexed"),
        ("completed", true, true, "indexed"),
        ("failed", true, false, "failed"),
        ("cancelled", true, false, "cancelled"),
        ("paused_v9", false, false, "paused_v9"),
    ] {
        let status = TaskStatus::from(word);
        assert_eq!(
            (status.is_terminal(), status.is_success(), status.as_str()),
            (terminal, success, written),
            "{word}"
        );
    }
}

fn failed() -> Value {
    json!({
        "track_id": "insert-77aa", "task_type": "insert", "status": "failed",
        "created_at": "2031-02-03T10:11:12+00:00", "updated_at": "2031-02-03T10:12:00+00:00",
        "started_at": null, "completed_at": null, "error_message": "model refused",
        "error": {"message": "model refused", "step": "extraction", "reason": "quota", "suggestion": "try later", "retryable": true},
        "retry_count": 1, "max_retries": 3, "progress": null, "result": null,
        "metadata": {"size": 18_446_744_073_709_551_615_u64}
    })
}

#[test]
fn why_a_task_failed() {
    let task: Task = assert_round_trip(&failed());
    assert_eq!(task.failure(), Some("model refused"));
    assert!(task.error.unwrap().retryable);
    let new = Task::new("t-1", TaskType::Deletion, TaskStatus::Pending);
    assert_eq!((read::<Task>(&written(&new)), new.failure()), (new.clone(), None));
}

#[test]
fn progress_has_any_form() {
    for (progress, step, fraction) in [
        (json!({"current_step": "extracting", "percent_complete": 40.0}), Some("extracting"), Some(0.4)),
        (
            json!({"current_step": null, "stage": "storing", "percent_complete": "250"}),
            Some("storing"),
            Some(1.0),
        ),
        (json!({"chunk_progress": {"total_chunks": 4, "processed_chunks": 1}}), None, Some(0.25)),
        (json!({"chunk_progress": {"total_chunks": 0, "processed_chunks": 0}}), None, None),
        (
            json!({"current_stage": "x", "percent_complete": 40.5, "chunk_progress": [1]}),
            Some("x"),
            Some(0.405),
        ),
        (json!({"completion_percentage": -1}), None, Some(0.0)),
        (json!({"stage": "extraction", "overall_percentage": 12.5}), Some("extraction"), Some(0.125)),
        (json!({"current_stage": "embedding", "stage_progress": 0.5}), Some("embedding"), Some(0.5)),
        (json!({"stage": "x", "counts": {"current": 3, "total": 4, "unit": "pages"}}), Some("x"), Some(0.75)),
        (json!({"progress_counts": {"current": 3, "total": 0}, "progress_01": 0.2}), None, Some(0.2)),
        (json!({"progress_counts": {"current": 3, "total": 0}, "run_progress": null}), None, None),
        (json!({"percent_complete": "many"}), None, None),
        (json!({}), None, None),
    ] {
        let task: Task = read(&json!({"track_id": "t", "status": "processing", "progress": progress}));
        let read = task.progress.unwrap();
        assert_eq!((read.current_step.as_deref(), read.fraction()), (step, fraction), "{progress}");
    }
    let progress = json!({
        "chunk_progress": {"total_chunks": 35, "processed_chunks": 12, "eta_seconds": 46, "cost_usd": 0.0042},
        "counts": {"current": 1, "total": 2, "unit": "pages"}, "message": "Section 3.2"
    });
    let task: Task = read(&json!({"track_id": "t", "status": "processing", "progress": progress}));
    let read_progress = task.progress.unwrap();
    let counted = read_progress.counted().unwrap();
    assert_eq!((counted.current, counted.total, counted.unit.as_deref()), (12, 35, Some("chunks")));
    assert_eq!((read_progress.eta(), read_progress.cost()), (Some(Duration::from_secs(46)), Some(0.0042)));
    assert_eq!(read_progress.stage_message.as_deref(), Some("Section 3.2"));
    // A percentage is written as it came: whole numbers as integers.
    for percent in [json!(40), json!(40.5), json!(0), json!(100)] {
        let progress = json!({"percent_complete": percent, "stage_message": "page 3"});
        let task: Task = read(&json!({"track_id": "t", "status": "processing", "progress": progress}));
        assert_eq!(task.progress.as_ref().unwrap().stage_message.as_deref(), Some("page 3"));
        assert_eq!(written(&task)["progress"], progress);
    }
    // Other types than these: all of it is kept as it came.
    let strange = json!({"current_step": {"name": "extracting"}, "total_steps": 5});
    let task: Task = read(&json!({"track_id": "t", "status": "processing", "progress": strange}));
    assert_eq!(written(&task)["progress"], strange);
    let text: Task = read(&json!({"track_id": "t", "status": "processing", "progress": "extracting"}));
    assert_eq!(text.progress, None);
}

#[test]
fn an_error_is_an_object_or_a_text() {
    for (error, message, failure) in [
        (json!("refused"), Some("refused"), Some("refused")),
        (json!({"message": "refused"}), Some("refused"), Some("refused")),
        (json!({"message": null, "retryable": null, "new": 1}), None, None),
        (json!(""), None, None),
        (json!(null), None, None),
    ] {
        let task: Task = read(&json!({"track_id": "t", "status": "failed", "error": error}));
        assert_eq!(task.error.as_ref().and_then(|error| error.message.as_deref()), message, "{error}");
        assert_eq!(task.failure(), failure, "{error}");
    }
    assert!(Task::from_body(r#"{"track_id":"t","status":"failed","error":5}"#).is_err());
    let error = Task::from_body(r#"{"track_id":"t","status":"failed","error":{"message":[5]}}"#).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "message: invalid type: sequence, expected a string at line 1 column 58");
}

#[test]
fn a_cancelled_task_may_come_back_or_not() {
    assert_eq!(Option::<Task>::from_body("").unwrap(), None);
    let task = Option::<Task>::from_body(failed().to_string()).unwrap();
    assert_eq!(task.as_ref().map(|task| &task.status), Some(&TaskStatus::Failed));
    assert_eq!(written(&task), failed());
    assert!(Option::<Task>::None.encode().unwrap().body().is_empty());
}

#[test]
fn lists_in_every_form() {
    let statistics = json!({"pending": 1, "processing": 2, "indexed": 3, "failed": 4, "cancelled": 5});
    let list: TaskList = assert_round_trip(&json!({
        "tasks": [failed()], "pagination": {"total": 45, "page": 1, "page_size": 20, "total_pages": 3}, "statistics": statistics
    }));
    assert_eq!(list.statistics.indexed, 3);
    for (form, total) in [
        (json!({"tasks": [failed()], "total": 7}), 7),
        (json!({"tasks": [failed()], "total": 7, "pagination": {"total": 9, "page": 1}}), 9),
        (json!({"tasks": [failed()], "pagination": null, "statistics": null, "total": 7}), 7),
        (json!([failed()]), 1),
    ] {
        let list: TaskList = read(&form);
        assert_eq!((list.tasks.len(), list.pagination.total), (1, total), "{form}");
    }
    assert_eq!(read::<TaskList>(&json!({"tasks": null})), TaskList::default());
    let error = TaskList::from_body(r#"{"tasks":[{"track_id":"a","status":"failed","retry_count":15.5}]}"#);
    insta::assert_snapshot!(error.unwrap_err(), @"the JSON field `tasks[0].retry_count` cannot be read");
}

#[test]
fn a_walk_keeps_its_filters_and_ends() {
    let mut request = Some(ListTasks::new().status(TaskStatus::Failed).page_size(500));
    let mut pages = 0;
    while let Some(current) = request {
        pages += 1;
        assert_eq!((current.page.unwrap_or(1), &current.status), (pages, &Some(TaskStatus::Failed)));
        // The server cuts 500 to 100 without a word.
        let tasks =
            vec![Task::new("t", TaskType::Scan, TaskStatus::Failed); if pages < 3 { 100 } else { 50 }];
        let page = TaskList::new(tasks, Pagination::new(250, pages, 100));
        request = current.next(&page);
        assert!(!ListTasks::items(page).is_empty());
    }
    assert_eq!(pages, 3);
}

#[test]
fn a_walk_by_key_goes_on_after_the_last_task() {
    let task = |id: &str| {
        let mut task = Task::new(id, TaskType::Scan, TaskStatus::Failed);
        task.created_at = Some(format!("2031-02-03T10:11:{id}+00:00").into());
        task
    };
    let page =
        |ids: &[&str]| TaskList::new(ids.iter().map(|id| task(id)).collect(), Pagination::new(5, 1, 2));
    let list = ListTasks::new().page_size(2);
    let after =
        |id: &str| list.clone().after_created_at(format!("2031-02-03T10:11:{id}+00:00")).after_track_id(id);
    let second = after("02");
    assert_eq!(second.next(&page(&["03", "04"])), Some(after("04")));
    // The last page, full or not.
    assert_eq!(second.next(&page(&["03"])), None);
    assert_eq!(second.next(&page(&[])), None);
    // A server that does not know the key ends the walk at the latest when it repeats its page.
    assert_eq!(second.next(&page(&["01", "02"])), None);
    // Without a time there is no key.
    let mut timeless = page(&["03", "04"]);
    timeless.tasks[1].created_at = None;
    assert_eq!(second.next(&timeless), None);
}
