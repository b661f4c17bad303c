//! [`Rules`]: which files of a folder are looked at.

use std::path::Path;

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{Walk, WalkBuilder};

use crate::boxed::BoxError;

/// The name of the files with rules of our own.
const IGNORE_FILE: &str = ".edgequakeignore";

/// What servers are known to take: text by its extension, and PDF.
const EXTENSIONS: [&str; 10] = ["txt", "md", "json", "csv", "html", "htm", "xml", "yaml", "yml", "pdf"];

/// Which files of a folder are looked at.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) ignore_files: bool,
    pub(super) hidden: bool,
    pub(super) follow_links: bool,
    pub(super) include: Vec<String>,
    pub(super) exclude: Vec<String>,
    pub(super) max_size: Option<u64>,
    /// In lower case; all, where there are none.
    pub(super) extensions: Option<Vec<String>>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            ignore_files: true,
            hidden: false,
            follow_links: false,
            include: Vec::new(),
            exclude: Vec::new(),
            max_size: None,
            extensions: Some(EXTENSIONS.map(str::to_owned).to_vec()),
        }
    }
}

/// A glob that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the glob '{glob}' cannot be read: {why}")]
pub struct GlobError {
    glob: String,
    why: String,
}

/// Whether [`include`](super::FolderUpload::include) and [`exclude`](super::FolderUpload::exclude) can read a glob.
///
/// ```
/// use edgequake_client::folder::check_glob;
///
/// assert!(check_glob("2031/**/*.md").is_ok());
/// assert_eq!(
///     check_glob("[").unwrap_err().to_string(),
///     "the glob '[' cannot be read: unclosed character class; missing ']'"
/// );
/// ```
///
/// # Errors
///
/// [`GlobError`] names the glob and says what is wrong with it.
pub fn check_glob(glob: &str) -> Result<(), GlobError> {
    let mut globs = OverrideBuilder::new("");
    let read = globs.add(glob).and_then(|globs| globs.build());
    read.map(drop).map_err(|error| {
        let why = match error {
            ignore::Error::Glob { err, .. } => err,
            other => other.to_string(),
        };
        GlobError { glob: glob.to_owned(), why }
    })
}

impl Rules {
    /// The walk over a folder, and which of its files are wanted.
    pub(super) fn walk(&self, root: &Path) -> Result<(Walk, Wanted), BoxError> {
        for glob in self.include.iter().chain(&self.exclude) {
            check_glob(glob)?;
        }
        // With globs of the kind that take out, `ignore` prunes whole folders. Those that let in would bring back what is ignored.
        let mut exclude = OverrideBuilder::new(root);
        for glob in &self.exclude {
            exclude.add(&format!("!{glob}"))?;
        }
        let mut walk = WalkBuilder::new(root);
        walk.overrides(exclude.build()?)
            .standard_filters(self.ignore_files)
            // What is personal to one machine does not decide which documents there are.
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .hidden(!self.hidden)
            .follow_links(self.follow_links);
        if self.ignore_files {
            walk.add_custom_ignore_filename(IGNORE_FILE);
        }
        let mut include = OverrideBuilder::new(root);
        for glob in &self.include {
            include.add(glob)?;
        }
        let include = if self.include.is_empty() { None } else { Some(include.build()?) };
        Ok((walk.build(), Wanted(include)))
    }

    pub(super) fn takes_extension(&self, path: &Path) -> bool {
        let Some(extensions) = &self.extensions else { return true };
        let extension = path.extension().map(|it| it.to_string_lossy().to_lowercase());
        extension.is_some_and(|it| extensions.contains(&it))
    }

    pub(super) fn takes_size(&self, size: u64) -> bool {
        self.max_size.is_none_or(|limit| size <= limit)
    }
}

/// The globs that a file has to match one of.
pub(super) struct Wanted(Option<Override>);

impl Wanted {
    pub(super) fn has(&self, path: &Path) -> bool {
        self.0.as_ref().is_none_or(|globs| globs.matched(path, false).is_whitelist())
    }
}
