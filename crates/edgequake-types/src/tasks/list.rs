//! The forms of a list of tasks, and the two ways through it: by page number, and after a task.

use super::{ListTasks, Task, TaskList, Wire};
use crate::prelude::*;

impl Paginated for ListTasks {
    type Item = Task;

    fn next(&self, page: &TaskList) -> Option<Self> {
        let Some(after) = &self.after_track_id else {
            let next = page.pagination.next(self.page, page.tasks.len(), None)?;
            return Some(self.clone().page(next));
        };
        // A server that does not know the key repeats its page.
        let last = page.tasks.last().filter(|last| last.track_id != *after)?;
        let full = page.tasks.len() as u64 >= page.pagination.page_size;
        let next = self.clone().after_track_id(&last.track_id).after_created_at(last.created_at.clone()?);
        full.then_some(next)
    }

    fn items(page: TaskList) -> Vec<Task> {
        page.tasks
    }

    fn elements(page: &mut TaskList) -> Option<&mut Vec<Task>> {
        Some(&mut page.tasks)
    }

    fn id(task: &Task) -> Option<&str> {
        Some(task.track_id.as_str())
    }

    fn total(page: &TaskList) -> Option<u64> {
        Some(page.pagination.total)
    }
}

impl From<Vec<Task>> for Wire {
    fn from(tasks: Vec<Task>) -> Self {
        let flat = Pagination { total: tasks.len() as u64, ..Pagination::default() };
        Self { tasks, flat, ..Self::default() }
    }
}

impl From<Wire> for TaskList {
    fn from(wire: Wire) -> Self {
        let Wire { tasks, statistics, pagination, flat } = wire;
        Self { tasks, pagination: pagination.unwrap_or(flat), statistics }
    }
}
