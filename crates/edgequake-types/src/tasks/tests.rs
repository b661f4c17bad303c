use serde_json::{Value, json};

use crate::tasks::*;
use crate::testing::{assert_round_trip, assert_served, on_the_wire, read, written};
use crate::{Decode, Paginated, Pagination};

#[test]
fn requests() {
    insta::assert_snapshot!(on_the_wire(&GetTask::new("insert-77/a")), @"
    GET /api/v1/tasks/insert-77%2Fa
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&CancelTask::new("insert-77aa")), @"
    POST /api/v1/tasks/insert-77aa/cancel
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&RetryTask::new("insert-77aa")), @"
    POST /api/v1/tasks/insert-77aa/retry
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&ListTasks::new()), @"
    GET /api/v1/tasks
    accept: application/json
    ");
    let full = ListTasks::new()
        .page(2)
        .page_size(100)
        .status(TaskStatus::Indexed)
        .task_type(TaskType::Insert)
        .sort(TaskSort::UpdatedAt)
        .order(SortOrder::Ascending);
    insta::assert_snapshot!(on_the_wire(&full), @"
    GET /api/v1/tasks?order=asc&page=2&page_size=100&sort=updated_at&status=indexed&task_type=insert
    accept: application/json
    ");
    assert_served(&GetTask::new("insert-77/a"));
    assert_served(&CancelTask::new("a"));
    assert_served(&RetryTask::new("a"));
    assert_served(&full);
}

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
fn a_task_survives_a_round_trip() {
    let task: Task = assert_round_trip(&failed());
    assert_eq!(task.failure(), Some("model refused"));
    assert!(task.error.unwrap().retryable);
    let new = Task::new("t-1", TaskType::Deletion, TaskStatus::Pending);
    assert_eq!(read::<Task>(&written(&new)), new);
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
    assert!(Task::decode(r#"{"track_id":"t","status":"failed","error":5}"#.into()).is_err());
    let error =
        Task::decode(r#"{"track_id":"t","status":"failed","error":{"message":[5]}}"#.into()).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "message: invalid type: sequence, expected a string at line 1 column 58");
}

#[test]
fn a_cancelled_task_may_come_back_or_not() {
    assert_eq!(Option::<Task>::decode("".into()).unwrap(), None);
    let task = Option::<Task>::decode(failed().to_string().into()).unwrap();
    assert_eq!(task.as_ref().map(|task| &task.status), Some(&TaskStatus::Failed));
    assert_eq!(written(&task), failed());
    assert!(Option::<Task>::None.encode().unwrap().is_empty());
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
    let error =
        TaskList::decode(r#"{"tasks":[{"track_id":"a","status":"failed","retry_count":15.5}]}"#.into());
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
