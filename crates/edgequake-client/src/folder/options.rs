//! [`Options`]: how the files of a run are uploaded.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::documents::UploadFile;
use edgequake_types::pdf::UploadPdf;

use super::rules::Rules;

/// How many files are uploaded at once, where nobody says it.
const CONCURRENCY: usize = 6;

/// How often a file that failed for a moment is tried again, where nobody says it.
const RETRIES: u32 = 2;

/// How long is waited for documents of which none comes further.
const WAIT_LIMIT: Duration = Duration::from_secs(600);

pub(super) type Configure<U> = Arc<dyn Fn(&Path, U) -> U + Send + Sync>;

/// How the files of a run are uploaded.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) rules: Rules,
    pub(super) concurrency: usize,
    pub(super) retries: u32,
    pub(super) resume: bool,
    pub(super) wait: bool,
    pub(super) wait_limit: Option<Duration>,
    pub(super) configure: Option<Configure<UploadFile>>,
    pub(super) configure_pdf: Option<Configure<UploadPdf>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            concurrency: CONCURRENCY,
            retries: RETRIES,
            resume: false,
            wait: false,
            wait_limit: Some(WAIT_LIMIT),
            configure: None,
            configure_pdf: None,
        }
    }
}
