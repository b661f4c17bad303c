//! The blocks of a Markdown text: headings, paragraphs, list items, table rows and lines of code.

use std::ops::Range;

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Heading,
    /// A paragraph, or an item of a list or a quotation without its marker: prose, over any number of lines.
    Prose,
    /// A table row, a line of code, HTML or a rule: one line, to be taken as it is.
    Verbatim,
}

/// A part of the text without blank lines and without white space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) range: Range<usize>,
    /// Where its content starts: after the marker of a heading or an item.
    pub(crate) content: usize,
    pub(crate) kind: Kind,
    pub(crate) after_blank_line: bool,
}

/// The blocks of `text`, in order.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut after_blank_line = false;
    let mut fenced = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let start = offset + (line.len() - line.trim_start().len());
        offset += line.len();
        if content.is_empty() {
            after_blank_line = true;
            continue;
        }
        let fence = content.starts_with("```") || content.starts_with("~~~");
        let (kind, marker) = if fenced || fence { (Kind::Verbatim, 0) } else { classify(content) };
        fenced ^= fence;
        let end = start + content.len();
        match blocks.last_mut() {
            Some(last) if kind == Kind::Prose && marker == 0 && last.kind == kind && !after_blank_line => {
                last.range.end = end;
            }
            _ => blocks.push(Block { range: start..end, content: start + marker, kind, after_blank_line }),
        }
        after_blank_line = false;
    }
    blocks
}

/// The kind of a line, and the length of its marker.
fn classify(line: &str) -> (Kind, usize) {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&level) && line.as_bytes().get(level) == Some(&b' ') {
        return (Kind::Heading, level + 1);
    }
    let rule =
        line.len() > 2 && ["-", "=", "*", "_"].iter().any(|mark| line.replace(mark, "").trim().is_empty());
    if rule || line.starts_with(['|', '<']) {
        return (Kind::Verbatim, 0);
    }
    (Kind::Prose, item_marker(line))
}

/// The length of the marker of a list item or a quotation with the blank after it; 0 for anything else.
fn item_marker(line: &str) -> usize {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..).unwrap_or_default();
    let mark = match digits {
        0 => rest.starts_with(['-', '*', '+', '>']),
        1..=3 => rest.starts_with(['.', ')']),
        _ => false,
    };
    if mark && rest.as_bytes().get(1) == Some(&b' ') { digits + 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rendered(text: &str) -> String {
        let line = |block: &Block| format!("{:?} {:?}\n", block.kind, &text[block.content..block.range.end]);
        blocks(text).iter().map(line).collect()
    }

    #[test]
    fn every_kind_of_block() {
        let text = "# The bridge\nIt opened\n  in 1931.\n\n- two lanes,\n  one each way\n1. Cross.\n> Said so.\n---\n| a | b |\n#no heading\n```\nlet x;\n\n# code\n```\n<!-- note -->\n-5 degrees";
        insta::assert_snapshot!(rendered(text), @r##"
        Heading "The bridge"
        Prose "It opened\n  in 1931."
        Prose "two lanes,\n  one each way"
        Prose "Cross."
        Prose "Said so."
        Verbatim "---"
        Verbatim "| a | b |"
        Prose "#no heading"
        Verbatim "```"
        Verbatim "let x;"
        Verbatim "# code"
        Verbatim "```"
        Verbatim "<!-- note -->"
        Prose "-5 degrees"
        "##);
    }

    proptest! {
        #[test]
        fn blocks_hold_all_but_white_space(text in "([#>|`*. \\-1a-zé]{0,12}\r?\n){0,12}") {
            let mut covered = 0;
            for block in blocks(&text) {
                prop_assert!(text[covered..block.range.start].trim().is_empty());
                prop_assert!((block.range.start..=block.range.end).contains(&block.content));
                prop_assert_eq!(text[block.range.clone()].trim(), &text[block.range.clone()]);
                prop_assert!(!block.range.is_empty());
                covered = block.range.end;
            }
            prop_assert!(text[covered..].trim().is_empty());
        }
    }
}
