//! What the quickstart prints, against the block of the README that shows it.
//!
//! The block is the output of a run, word for word. Two runs differ in what [`masked`] leaves out: the port, the key, how
//! often the token was renewed, and when.

use std::fs;
use std::path::Path;

use crate::failure::{During, Failure, Result};

const BEGIN: &str = "<!-- quickstart: begin -->\n```text\n";
const END: &str = "```\n<!-- quickstart: end -->\n";

/// What the lines begin with that tell a renewal, of which there may be more or fewer.
const RENEWAL: &str = "   token renewed ";

/// The columns of a terminal.
const WIDTH: usize = 80;

/// Checks what was printed to a file, and compares it with the README; or puts it there.
pub(super) fn check(printed: &str, root: &Path, update: bool) -> Result<()> {
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).during("reading the README")?;
    let (before, rest) = readme.split_once(BEGIN).ok_or_else(|| missing(BEGIN))?;
    let (shown, after) = rest.split_once(END).ok_or_else(|| missing(END))?;
    let printed = printed.trim_start_matches('\n');
    clean(printed)?;
    let is_same = masked(shown) == masked(printed);
    // A renewal that is shown may be another than those printed, but has to be one.
    let renewals = clean(shown);
    if is_same && renewals.is_ok() {
        return Ok(());
    }
    if update {
        println!("the README shows the quickstart anew");
        return fs::write(&path, format!("{before}{BEGIN}{printed}{END}{after}"))
            .during("writing the README");
    }
    if is_same {
        return renewals;
    }
    Err(Failure::new(format!(
        "the README does not show what the quickstart prints: {}; cargo xtask examples --update puts it there",
        difference(shown, printed)
    )))
}

fn missing(marker: &str) -> Failure {
    Failure::new(format!("the README has no line `{}`", marker.lines().next().unwrap_or_default()))
}

/// Refuses what has no place in a file or in a terminal of [`WIDTH`] columns.
fn clean(printed: &str) -> Result<()> {
    for line in printed.lines() {
        if line.chars().any(char::is_control) || line.chars().count() > WIDTH || line.trim_end() != line {
            return Err(Failure::new(format!(
                "the quickstart prints control codes, trailing blanks or more than {WIDTH} columns: {line:?}"
            )));
        }
    }
    let mut renewals = printed.lines().filter_map(|line| line.strip_prefix(RENEWAL)).peekable();
    if renewals.peek().is_none() {
        return Err(Failure::new("the quickstart tells no renewal of the token"));
    }
    match renewals.find(|told| !is_renewal(told)) {
        Some(odd) => Err(Failure::new(format!("this tells no renewal of a token: {odd:?}"))),
        None => Ok(()),
    }
}

/// Whether a line has one of the two forms: what a renewal in time is for, and which call one at the last moment has saved.
fn is_renewal(told: &str) -> bool {
    let Some((seconds, told)) = told.split_once(" s ") else { return false };
    let call = told.strip_prefix("after it expired; else ").and_then(|told| told.strip_suffix(" gets a 401"));
    let known = match call.map(|call| call.split(' ').collect::<Vec<_>>()) {
        Some(call) => matches!(call[..], ["GET" | "POST" | "DELETE", path] if path.starts_with('/')),
        None => told == "before it expires; else all calls after that get a 401",
    };
    known && seconds.parse::<f64>().is_ok()
}

/// The lines without what differs from run to run.
fn masked(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with(RENEWAL));
    lines
        .map(|line| {
            let counted = line.starts_with("   Logins: ");
            let word = |word: &str| match word {
                _ if word.starts_with("http://127.0.0.1:") => "URL".to_owned(),
                _ if word.starts_with("eq_") => "KEY".to_owned(),
                _ if counted && word.starts_with(|letter: char| letter.is_ascii_digit()) => "N".to_owned(),
                _ => word.to_owned(),
            };
            line.split(' ').map(word).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// The first line in which they differ.
fn difference(shown: &str, printed: &str) -> String {
    let (shown, printed) = (masked(shown), masked(printed));
    let at = shown.iter().zip(&printed).take_while(|(shown, printed)| shown == printed).count();
    let line =
        |lines: &[String]| lines.get(at).map_or_else(|| "nothing".to_owned(), |line| format!("{line:?}"));
    format!("{} where {} is printed", line(&shown), line(&printed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\n1. Log in\n   ada is logged in at http://127.0.0.1:36501.\n   key eq_2RjveHGu...\n   token renewed 0.1 s \
                           before it expires; else all calls after that get a 401\n   Logins: 1. Renewals: 3.\n";

    fn checked(readme: &str, printed: &str, update: bool) -> (Result<()>, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("README.md");
        fs::write(&path, readme).unwrap();
        let outcome = check(printed, folder.path(), update);
        (outcome, fs::read_to_string(path).unwrap())
    }

    #[test]
    fn the_readme_is_written_and_then_compared() {
        let empty = format!("# Title\n\n{BEGIN}{END}\nMore.\n");
        let (outcome, _) = checked(&empty, PRINTED, false);
        assert!(outcome.unwrap_err().to_string().contains("nothing where \"1. Log in\" is printed"));
        let (outcome, readme) = checked(&empty, PRINTED, true);
        outcome.unwrap();
        assert!(
            readme.contains("```text\n1. Log in\n") && readme.ends_with("end -->\n\nMore.\n"),
            "{readme}"
        );

        // Another run: another port, key and number of renewals.
        let other = PRINTED.replace("36501", "40000").replace("2RjveHGu", "xxxxxxxx").replace(": 3", ": 12");
        let renewal = "   token renewed 0.7 s after it expired; else GET /tasks/... gets a 401\n";
        let other = other.replace("   Logins", &format!("{renewal}   Logins"));
        let (outcome, unchanged) = checked(&readme, &other, true);
        outcome.unwrap();
        assert_eq!(unchanged, readme);

        let changed = PRINTED.replace("1. Log in", "1. Login");
        let error = checked(&readme, &changed, false).0.unwrap_err().to_string();
        assert!(error.contains("\"1. Log in\" where \"1. Login\" is printed"), "{error}");
    }

    #[test]
    fn what_does_not_belong_into_a_file_is_refused() {
        let readme = format!("{BEGIN}{END}");
        for printed in [
            "\u{1b}[2K\n   token renewed 0.1 s before it expires; else all calls after that get a 401\n"
                .to_owned(),
            "bar\r\n   token renewed 0.1 s before it expires; else all calls after that get a 401\n"
                .replace("bar", "bar\r"),
            format!(
                "{}\n   token renewed 0.1 s before it expires; else all calls after that get a 401\n",
                "x".repeat(81)
            ),
            "blank \n   token renewed 0.1 s before it expires; else all calls after that get a 401\n"
                .to_owned(),
            "no renewal\n".to_owned(),
            "   token renewed 0.1 s before it expires; else GET /tasks/... gets a 401\n".to_owned(),
            "   token renewed in time\n".to_owned(),
        ] {
            assert!(checked(&readme, &printed, true).0.is_err(), "{printed:?}");
        }
        assert!(checked("# Title\n", PRINTED, true).0.unwrap_err().to_string().contains("quickstart: begin"));
    }
}
