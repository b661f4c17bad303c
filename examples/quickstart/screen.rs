//! [`Screen`]: lines of at most 80 columns and, on a terminal, bars that move below them. A pipe gets the lines alone.

use std::io::{self, Write};

use edgequake_client::resources::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How wide a line may be.
const WIDTH: usize = 80;

/// What stands before each line of a text, and of a detail.
const INDENT: &str = "   ";
const DETAIL: &str = "     ";

/// Where the quickstart prints to.
#[derive(Debug, Clone)]
pub struct Screen(MultiProgress);

impl Default for Screen {
    /// Standard output. What is no terminal sees no bars, and so no control codes.
    fn default() -> Self {
        // Often enough that the last of many changes at once is drawn.
        Self::on(ProgressDrawTarget::stdout_with_hz(250))
    }
}

impl Screen {
    /// Bars go to `target`; lines go to standard output.
    pub fn on(target: ProgressDrawTarget) -> Self {
        Self(MultiProgress::with_draw_target(target))
    }

    /// Prints the heading of a step.
    ///
    /// # Errors
    ///
    /// Here and below those of standard output, such as a pipe that nobody reads any more.
    pub fn heading(&self, text: &str) -> io::Result<()> {
        self.0.suspend(|| writeln!(io::stdout(), "\n{text}"))
    }

    /// Prints a text below the heading, broken between words where it would be too wide.
    pub fn text(&self, text: &str) -> io::Result<()> {
        self.print(INDENT, text)
    }

    /// Prints a text that belongs to the one above.
    pub fn detail(&self, text: &str) -> io::Result<()> {
        self.print(DETAIL, text)
    }

    fn print(&self, indent: &'static str, text: &str) -> io::Result<()> {
        let mut lines = Wrap::new(indent);
        for word in text.split_inclusive(' ') {
            lines.push(word);
        }
        self.0.suspend(|| writeln!(io::stdout(), "{}", lines.text))
    }

    /// Begins a detail that arrives piece by piece.
    pub fn pieces(&self) -> Pieces {
        Pieces(Wrap::new(DETAIL))
    }

    /// A bar for the file of this name.
    pub fn bar(&self, file: &str) -> Bar {
        // Both templates are right, so there is no error to be had.
        let style = ProgressStyle::with_template("   {prefix:20!} [{bar:20}] {percent:>3} %  {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
        let bar = self.0.add(ProgressBar::new(100).with_style(style).with_prefix(file.to_owned()));
        bar.tick();
        Bar(bar)
    }
}

/// How far one document has come.
#[derive(Debug, Clone)]
pub struct Bar(ProgressBar);

impl Bar {
    /// Shows what the server says: the stage, how much is done, and what is counted.
    pub fn show(&self, progress: &Progress) {
        let mut message = progress.stage.clone().unwrap_or_else(|| "waiting".to_owned());
        if let Some(counts) = &progress.counts {
            message = format!("{message}, {} of {}", counts.current, counts.total);
        }
        self.0.set_message(message);
        if let Some(fraction) = progress.fraction {
            self.0.update(|state| state.set_pos((fraction * 100.0).round() as u64));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// A text that arrives piece by piece, broken between words like any other.
#[derive(Debug)]
pub struct Pieces(Wrap);

impl Pieces {
    /// Prints the next piece, at once.
    pub fn push(&mut self, piece: &str) -> io::Result<()> {
        for word in piece.split_inclusive(' ') {
            self.0.push(word);
        }
        let mut stdout = io::stdout();
        write!(stdout, "{}", std::mem::take(&mut self.0.text))?;
        stdout.flush()
    }

    /// Ends the last line.
    pub fn finish(self) -> io::Result<()> {
        writeln!(io::stdout(), "{}", self.0.text)
    }
}

/// Breaks lines between words.
#[derive(Debug)]
struct Wrap {
    indent: &'static str,
    text: String,
    column: usize,
    /// Blanks that are printed only if a word follows on the same line.
    blanks: usize,
}

impl Wrap {
    fn new(indent: &'static str) -> Self {
        Self { indent, text: String::new(), column: 0, blanks: 0 }
    }

    /// Takes a word with the blanks behind it.
    fn push(&mut self, word: &str) {
        let trimmed = word.trim_end();
        let length = trimmed.chars().count();
        let full = length > 0 && self.column + self.blanks + length > WIDTH;
        if self.column == 0 || full {
            self.text.push_str(if self.column == 0 { "" } else { "\n" });
            self.text.push_str(self.indent);
            self.column = self.indent.len();
            self.blanks = 0;
        }
        if length > 0 {
            self.text.extend(std::iter::repeat_n(' ', self.blanks));
            self.text.push_str(trimmed);
            self.column += self.blanks + length;
            self.blanks = 0;
        }
        self.blanks += word.chars().count() - length;
    }
}

#[cfg(test)]
mod tests;
