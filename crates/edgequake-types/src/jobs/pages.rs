//! Lists of jobs: how they page.

use super::*;

impl JobList {
    /// A page at this place.
    pub fn new(jobs: Vec<Job>, pagination: Pagination) -> Self {
        Self { jobs, pagination, ..Self::default() }
    }
}

impl Paginated for ListJobs {
    type Item = Job;

    fn next(&self, page: &JobList) -> Option<Self> {
        let next = page.pagination.next(self.page, page.jobs.len(), None)?;
        Some(self.clone().page(next))
    }

    fn items(page: JobList) -> Vec<Job> {
        page.jobs
    }

    fn elements(page: &mut JobList) -> Option<&mut Vec<Job>> {
        Some(&mut page.jobs)
    }

    fn id(job: &Job) -> Option<&str> {
        Some(job.job_id.as_str())
    }

    fn total(page: &JobList) -> Option<u64> {
        Some(page.pagination.total)
    }
}
