//! [`Upload`]: the arguments of `documents upload`.

use std::path::PathBuf;

use clap::Args;
use edgequake_client::folder::{GlobError, check_glob};
use serde_json::Value;

/// Upload files, folders, or standard input.
///
/// A folder is walked: files of the types that servers take (txt, md, json, csv, html, xml, yaml, pdf),
/// without what is hidden or what a .gitignore, .ignore or .edgequakeignore leaves out. A pattern
/// in quotes, such as '*.md', is expanded as a shell would. - is standard input, and needs --name.
///
/// The ID of each document is printed as soon as the server has taken the file, before anything is
/// waited for. A failure names its file and does not stop the others. Files of folders that are
/// skipped are counted; -v names them.
#[derive(Debug, Args)]
#[command(after_help = "\
With --json each event is one line, written as it happens. `event` is uploaded,
skipped, failed, processed, processing_failed, with --resume not_listed where
what is there cannot be listed, or at the end finished; all but the last two
have `file`, and those of a document `document_id`.

--timeout is the limit of each call, which grows by a second for each 64 KiB of
a file, and of --wait as a whole. An upload from a pipe has none.

Exit codes:
  0  every file was uploaded or there already and, with --wait, processed
  1  a file was not uploaded or not processed, or for several reasons
  7  the server could not be reached, or --wait has waited long enough
  others as of all commands, if all that failed did so for that reason
  130  Ctrl-C, with 3 s for uploads under way: what was accepted is printed

If stdout is closed, as by `head`, the upload goes on without it.

Examples:
  edgequake-cli documents upload notes.md --wait
  edgequake-cli documents upload handbook/ --exclude drafts/ --jobs 8
  edgequake-cli documents upload handbook/ --resume --wait
  edgequake-cli documents upload '2031-*.md' --json |
    jq -r 'select(.event == \"uploaded\") | .document_id'
  pandoc notes.docx -t markdown |
    edgequake-cli documents upload - --name notes.md")]
pub(crate) struct Upload {
    /// Files, folders, patterns in quotes, pipes such as <(command), or - for standard input
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// File name of what comes from standard input or a pipe; servers go by its extension
    #[arg(long, value_name = "NAME", value_parser = file_name)]
    pub(crate) name: Option<String>,
    /// Title, for a single file; default: the server's choice, from the file name
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Anything about the documents, kept with each: JSON
    #[arg(long, value_name = "JSON", value_parser = json)]
    pub(crate) metadata: Option<Value>,
    /// Of folders, only files that match this, such as '*.md'; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) include: Vec<String>,
    /// Of folders, nothing that matches this, such as drafts/; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) exclude: Vec<String>,
    /// Of folders, also hidden files and folders
    #[arg(long)]
    pub(crate) hidden: bool,
    /// Of folders, also what .gitignore, .ignore and .edgequakeignore leave out
    #[arg(long)]
    pub(crate) no_ignore: bool,
    /// Of folders, also what links lead to
    #[arg(long)]
    pub(crate) follow_links: bool,
    /// Of folders, files of any type
    #[arg(long)]
    pub(crate) any_type: bool,
    /// Skip files whose content the workspace has: goes on with an upload that was interrupted. What a pipe gives is kept in a temporary
    /// file meanwhile
    #[arg(long)]
    pub(crate) resume: bool,
    /// How many files are uploaded at once
    #[arg(short, long, value_name = "NUMBER", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: u16,
    /// How often a file is tried again after a failure that may pass; with 0, each is sent once
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    pub(crate) retry: u32,
    /// Wait until all have been processed, for at most --timeout once they are uploaded; default: until none comes
    /// further for 10 minutes
    #[arg(long)]
    pub(crate) wait: bool,
}

/// How long the name of a file may be on most systems, in bytes.
const LONGEST_NAME: usize = 255;

fn file_name(text: &str) -> Result<String, String> {
    let is_name = text.contains('.') && !text.ends_with('.') && !text.trim().is_empty();
    if !is_name || text.contains(['/', '\\']) {
        Err("it must be a file name with an extension and without a folder, such as notes.md".to_owned())
    } else if text.len() > LONGEST_NAME {
        Err(format!("it must have at most {LONGEST_NAME} bytes, as names of files have"))
    } else {
        Ok(text.to_owned())
    }
}

fn glob(text: &str) -> Result<String, GlobError> {
    check_glob(text).map(|()| text.to_owned())
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("it must be JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_a_file() {
        let longest = format!("{}.md", "n".repeat(LONGEST_NAME - 3));
        for name in ["notes.md", "a b.txt", ".x.md", &longest] {
            assert_eq!(file_name(name), Ok(name.to_owned()));
        }
        let longer = format!("n{longest}");
        for wrong in
            ["", " ", "notes", "notes.", "..", "a/notes.md", "/notes.md", "notes.md/", "a\\notes.md", &longer]
        {
            assert!(file_name(wrong).is_err(), "{wrong}");
        }
    }
}
