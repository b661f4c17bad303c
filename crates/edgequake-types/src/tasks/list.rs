//! [`ListTasks`]: the tasks of a workspace.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Task, TaskStatus, TaskType};
use crate::answer::json_answers;
use crate::endpoint::{endpoint, setters};
use crate::open_enum::open_enum;
use crate::{Paginated, Pagination, tolerant};

open_enum! {
    /// What a list of tasks is sorted by.
    pub enum TaskSort {
        /// When they were queued.
        CreatedAt = "created_at",
        /// When they last changed.
        UpdatedAt = "updated_at",
        /// Their state.
        Status = "status",
    }
}

open_enum! {
    /// In which direction a list is sorted.
    pub enum SortOrder {
        /// The largest, or latest, first.
        Descending = "desc",
        /// The smallest, or earliest, first.
        Ascending = "asc",
    }
}

/// `GET /api/v1/tasks`: one page of the tasks of the workspace.
///
/// Servers ignore a filter with a word that they do not know, so look again at what comes back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListTasks {
    /// The number of the page, from 1. Default 1.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page: Option<u64>,
    /// How many tasks a page holds. Default 20, at most 100.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u64>,
    /// Tasks in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// Tasks of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_type: Option<TaskType>,
    /// What they are sorted by. Default [`TaskSort::CreatedAt`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<TaskSort>,
    /// In which direction. Default [`SortOrder::Descending`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<SortOrder>,
}

impl ListTasks {
    /// The first page of all tasks, the newest first.
    pub fn new() -> Self {
        Self::default()
    }
}

setters! {
    ListTasks {
        page: u64,
        page_size: u64,
        status: TaskStatus,
        task_type: TaskType,
        sort: TaskSort,
        order: SortOrder,
    }
}

endpoint! {
    GET "/api/v1/tasks" => ListTasks, TaskList where Required, Safe, Query
}

impl Paginated for ListTasks {
    type Item = Task;

    fn next(&self, page: &TaskList) -> Option<Self> {
        let next = page.pagination.next(self.page, page.tasks.len(), None)?;
        Some(self.clone().page(next))
    }

    fn items(page: TaskList) -> Vec<Task> {
        page.tasks
    }
}

/// One page of tasks. Read with its paging fields below `pagination`, flat, or as a bare list of tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TaskList {
    /// The tasks of this page.
    pub tasks: Vec<Task>,
    /// Its place in the list.
    pub pagination: Pagination,
    /// How many tasks are in which state.
    pub statistics: TaskStatistics,
}

impl TaskList {
    /// A page at this place.
    pub fn new(tasks: Vec<Task>, pagination: Pagination) -> Self {
        Self { tasks, pagination, statistics: TaskStatistics::default() }
    }
}

json_answers!(TaskList);

/// How many tasks are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TaskStatistics {
    /// Waiting.
    #[serde(deserialize_with = "tolerant::count")]
    pub pending: u64,
    /// Being worked on.
    #[serde(deserialize_with = "tolerant::count")]
    pub processing: u64,
    /// Done.
    #[serde(deserialize_with = "tolerant::count")]
    pub indexed: u64,
    /// Failed.
    #[serde(deserialize_with = "tolerant::count")]
    pub failed: u64,
    /// Cancelled.
    #[serde(deserialize_with = "tolerant::count")]
    pub cancelled: u64,
}

/// The forms in which a list arrives.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    #[serde(deserialize_with = "tolerant::or_default")]
    tasks: Vec<Task>,
    #[serde(deserialize_with = "tolerant::or_default")]
    statistics: TaskStatistics,
    pagination: Option<Pagination>,
    #[serde(flatten)]
    flat: Pagination,
}

impl From<Vec<Task>> for Wire {
    fn from(tasks: Vec<Task>) -> Self {
        let flat = Pagination { total: tasks.len() as u64, ..Pagination::default() };
        Self { tasks, flat, ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for TaskList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Wire { tasks, statistics, pagination, flat } = tolerant::list_or_object(deserializer)?;
        Ok(Self { tasks, pagination: pagination.unwrap_or(flat), statistics })
    }
}
