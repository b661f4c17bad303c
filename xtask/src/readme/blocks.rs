//! The code blocks of a README.

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// What follows the fence, such as `rust`.
    pub(super) language: String,
    /// The file that the comment right before it names.
    pub(super) file: Option<String>,
    /// What is in it, as lines.
    pub(super) text: String,
    /// The number of its first line, from 1: that of the fence.
    line: usize,
}

/// The blocks of a README in their order.
pub(super) fn blocks(readme: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut open, mut before) = (None::<Block>, None);
    for (index, line) in readme.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(language)) => {
                let (language, text) = (language.to_owned(), String::new());
                open = Some(Block { language, file: before.take(), text, line: index + 1 });
            }
            (None, None) => before = marker(line),
        }
    }
    blocks
}

/// The file that a comment names.
fn marker(line: &str) -> Option<String> {
    let file = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    file.ends_with(".rs").then(|| file.to_owned())
}

/// The README as it has to be, each block that names a file with the text of that, and what is wrong with the others.
pub(super) fn current(readme: &str, read: impl Fn(&str) -> Option<String>) -> (String, Vec<String>) {
    let (mut text, mut problems) = (String::new(), Vec::new());
    let blocks = blocks(readme);
    let mut lines = readme.lines().enumerate().map(|(index, line)| (index + 1, line));
    while let Some((number, line)) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let Some(block) = blocks.iter().find(|block| block.line == number) else { continue };
        let content = match &block.file {
            Some(file) => read(file).unwrap_or_else(|| {
                problems.push(format!("{number}: there is no file {file}"));
                block.text.clone()
            }),
            None if block.language.starts_with("rust") => {
                problems.push(format!("{number}: no comment such as <!-- examples/readme/ask.rs --> names the file of this block"));
                block.text.clone()
            }
            None => block.text.clone(),
        };
        text.push_str(&content);
        // Its old lines.
        lines.by_ref().take(block.text.lines().count()).for_each(drop);
    }
    (text, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "\
# Title

<!-- a.rs -->
```rust
old
```

```toml
[dependencies]
```
";

    #[test]
    fn a_block_is_its_file_and_all_else_stays() {
        let (text, problems) = current(README, |file| (file == "a.rs").then(|| "new\nlines\n".to_owned()));
        assert_eq!(text, README.replace("old\n", "new\nlines\n"));
        assert_eq!(problems, [""; 0]);
        assert_eq!(current(&text, |_| Some("new\nlines\n".to_owned())).0, text);
    }

    #[test]
    fn a_block_without_a_file_is_told_with_its_line() {
        let (text, problems) = current(README, |_| None);
        assert_eq!((text.as_str(), problems), (README, vec!["4: there is no file a.rs".to_owned()]));
        let unnamed = README.replace("<!-- a.rs -->\n", "");
        let (_, problems) = current(&unnamed, |_| None);
        assert!(problems[0].starts_with("3: no comment"), "{problems:?}");
    }

    #[test]
    fn a_comment_counts_for_the_block_right_after_it() {
        let far = README.replace("<!-- a.rs -->", "<!-- a.rs -->\n\nText.\n");
        assert_eq!(blocks(&far)[0].file, None);
        let languages: Vec<_> = blocks(README).into_iter().map(|block| block.language).collect();
        assert_eq!(languages, ["rust", "toml"]);
    }
}
