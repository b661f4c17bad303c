use edgequake_types::tasks::{
    CancelTask, GetTask, ListTasks, RetryTask, SortOrder, Task, TaskList, TaskSort, TaskStatus, TaskType,
};
use edgequake_types::{TenantId, WorkspaceId};

use crate::table::Table;

#[test]
fn tasks() {
    let full = ListTasks::new()
        .page(2)
        .page_size(100)
        .status(TaskStatus::Indexed)
        .task_type(TaskType::Insert)
        .sort(TaskSort::UpdatedAt)
        .order(SortOrder::Ascending)
        .tenant_id(TenantId::new("default").unwrap())
        .workspace_id(WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap())
        .after_created_at("2031-02-03T10:11:12+00:00")
        .after_track_id("insert-77aa");
    Table::of("tasks", include_str!("tasks.txt"))
        .request("list", &ListTasks::new())
        .request("list with everything", &full)
        .request("get", &GetTask::new("insert-77/a"))
        .request("cancel", &CancelTask::new("insert-77aa"))
        .request("retry", &RetryTask::new("insert-77aa"))
        .answer::<Task>("failed")
        .answer::<Task>("processing")
        .answer::<Task>("processing, by newer servers")
        .answer_read::<Task>("processing, in the words of documents")
        .answer::<Task>("pending")
        .answer::<Task>("done")
        .answer_read::<Task>("done and failed, by others")
        .answer::<Option<Task>>("cancelled")
        .answer_read::<Option<Task>>("cancelled, but gone")
        .answer::<Option<Task>>("retried, without a body")
        .answer::<TaskList>("listed")
        .answer_read::<TaskList>("listed, flat")
        .answer_read::<TaskList>("listed, bare")
        .finish();
}
