//! [`Plan`]: what the paths of an upload are, found out before anything is sent.

use std::fs::FileType;
use std::path::{Path, PathBuf};

use super::pattern::{expand, is_pattern};
use crate::args::documents::Upload;
use crate::failure::Failure;

/// Files to upload.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Files that were named, also by a pattern.
    Files(Vec<PathBuf>),
    Folder(PathBuf),
}

impl Source {
    /// The files that were named.
    pub(super) fn named(&self) -> &[PathBuf] {
        match self {
            Self::Files(paths) => paths,
            Self::Folder(_) => &[],
        }
    }
}

/// What can be read only once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stream {
    /// The name that it is uploaded under.
    pub(super) name: String,
    /// The pipe; `None` is standard input.
    pub(super) path: Option<PathBuf>,
}

/// What there is to upload.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) stream: Option<Stream>,
    pub(super) sources: Vec<Source>,
    /// Patterns that no file matches, or that cannot be read.
    pub(super) failed: Vec<(String, Failure)>,
}

impl Plan {
    /// Looks at the paths on a thread that may block: a pattern may have to go through many folders.
    pub(super) async fn make(options: &Upload) -> Result<Self, Failure> {
        let (paths, name) = (options.paths.clone(), options.name.clone());
        let planned = tokio::task::spawn_blocking(move || Self::of(&paths, name.as_deref())).await;
        let plan = planned.map_err(|error| Failure::caused_by("the paths cannot be looked at", error))??;
        let single = match (&plan.stream, plan.sources.as_slice()) {
            (_, []) => true,
            (None, [Source::Files(paths)]) => paths.len() <= 1,
            _ => false,
        };
        if options.title.is_some() && !single {
            return Err(Failure::usage("--title is for a single file: upload the others separately"));
        }
        Ok(plan)
    }

    fn of(paths: &[PathBuf], name: Option<&str>) -> Result<Self, Failure> {
        let mut plan = Self::default();
        for path in paths {
            if path.as_os_str() == "-" {
                plan.stream(None, name)?;
            } else {
                match std::fs::metadata(path) {
                    Ok(metadata) if is_stream(metadata.file_type()) => plan.stream(Some(path), name)?,
                    Ok(metadata) => plan.path(path.clone(), metadata.is_dir()),
                    Err(_) => plan.pattern(path),
                }
            }
        }
        if name.is_some() && plan.stream.is_none() {
            return Err(Failure::usage(
                "--name is for standard input (-) or a pipe: a file has its name already",
            ));
        }
        Ok(plan)
    }

    fn stream(&mut self, path: Option<&Path>, name: Option<&str>) -> Result<(), Failure> {
        let shown = path.map_or("-".to_owned(), |path| path.display().to_string());
        let Some(name) = name else {
            // A pipe may be named as the file that it stands for.
            let own = path.filter(|path| path.extension().is_some()).and_then(Path::file_name);
            let own = own.map_or("notes.md".into(), |name| name.to_string_lossy());
            let text = format!("{shown} needs --name, such as --name {own}: servers go by the extension");
            return Err(Failure::usage(text));
        };
        if self.stream.is_some() {
            return Err(Failure::usage(format!(
                "{shown}: only one of the paths may be standard input or a pipe, since --name is one name"
            )));
        }
        self.stream = Some(Stream { name: name.to_owned(), path: path.map(Path::to_owned) });
        Ok(())
    }

    fn path(&mut self, path: PathBuf, is_folder: bool) {
        match self.sources.last_mut() {
            _ if is_folder => self.sources.push(Source::Folder(path)),
            Some(Source::Files(files)) => files.push(path),
            _ => self.sources.push(Source::Files(vec![path])),
        }
    }

    /// Expands a pattern. What is none is left to the upload, which tells that there is no such file.
    fn pattern(&mut self, path: &Path) {
        let Some(pattern) = path.to_str().filter(|text| is_pattern(text)) else {
            return self.path(path.to_owned(), false);
        };
        let matches = match expand(pattern) {
            Ok(matches) => matches,
            Err(error) => {
                let text = format!("there is no file {pattern}, and as a pattern it cannot be read: {error}");
                let failure = Failure::caused_by(text, error);
                return self.failed.push((pattern.to_owned(), failure));
            }
        };
        let mut matched = false;
        for found in matches {
            matched = true;
            match found {
                Ok(path) => {
                    let is_folder = path.is_dir();
                    self.path(path, is_folder);
                }
                Err((path, error)) => {
                    let path = path.display().to_string();
                    let failure = Failure::caused_by(format!("cannot read {path}: {error}"), error);
                    self.failed.push((path, failure));
                }
            }
        }
        if !matched {
            let failure = Failure::other(format!("no file matches {pattern}"));
            self.failed.push((pattern.to_owned(), failure));
        }
    }
}

/// Whether it can be read only once, and has no length: a pipe, such as of `<(command)`, or a device, such as /dev/stdin.
fn is_stream(kind: FileType) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        kind.is_fifo() || kind.is_char_device() || kind.is_socket()
    }
    #[cfg(not(unix))]
    {
        let _ = kind;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(folder: &Path, paths: &[&str], name: Option<&str>) -> Result<Plan, Failure> {
        let paths: Vec<PathBuf> = paths
            .iter()
            .map(|path| if *path == "-" { PathBuf::from("-") } else { folder.join(path) })
            .collect();
        Plan::of(&paths, name)
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("sub/deep")).unwrap();
        for name in ["a.md", "b.md", "c.txt", ".hidden.md", "sub/d.md", "sub/deep/e.md", "odd[1].md"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        folder
    }

    #[test]
    fn patterns_are_those_of_a_shell() {
        let folder = folder();
        let names = |pattern: &str| {
            let plan = plan(folder.path(), &[pattern], None).unwrap();
            let below = |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().display().to_string();
            let mut names = Vec::new();
            for source in &plan.sources {
                match source {
                    Source::Files(files) => names.extend(files.iter().map(below)),
                    Source::Folder(path) => names.push(format!("{}/", below(path))),
                }
            }
            names.extend(
                plan.failed
                    .iter()
                    .map(|(_, failure)| failure.line().replace(&*folder.path().to_string_lossy(), "")),
            );
            names.join(" ")
        };
        assert_eq!(names("*.md"), "a.md b.md odd[1].md");
        assert_eq!(names("**/*.md"), "a.md b.md odd[1].md sub/d.md sub/deep/e.md");
        assert_eq!(names("?.txt"), "c.txt");
        assert_eq!(names("s*"), "sub/");
        // A file whose name looks like a pattern is that file.
        assert_eq!(names("odd[1].md"), "odd[1].md");
        assert_eq!(names("*.pdf"), "no file matches /*.pdf");
        // Not a pattern: the upload tells that there is no such file.
        assert_eq!(names("none.md"), "none.md");
    }

    #[test]
    fn streams_need_a_name_and_there_is_one() {
        let folder = folder();
        let told = |paths: &[&str], name| plan(folder.path(), paths, name).unwrap_err().line();
        assert!(told(&["-"], None).contains("--name"));
        assert!(told(&["-", "-"], Some("x.md")).contains("only one"));
        #[cfg(unix)]
        for (pipe, name) in [("p.md", "--name p.md:"), ("p", "--name notes.md:")] {
            let path = folder.path().join(pipe);
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
            assert!(told(&[pipe], None).contains(name), "{}", told(&[pipe], None));
        }
        assert!(told(&["a.md"], Some("x.md")).contains("--name is for"));
        let plan = plan(folder.path(), &["-", "a.md", "b.md", "sub", "c.txt"], Some("x.md")).unwrap();
        assert_eq!(plan.sources.len(), 3, "{plan:?}");
        assert_eq!(plan.stream, Some(Stream { name: "x.md".into(), path: None }));
    }
}
