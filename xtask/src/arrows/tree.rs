//! The output of `cargo tree --prefix depth --format " {p}"` as a set of packages, each with a way to it.

use std::collections::BTreeMap;

use crate::failure::{Failure, Result};

/// Every package that the root pulls in, the root included.
pub(crate) struct Tree {
    /// Name and version, with the names on the first path from the root to it.
    paths: BTreeMap<(String, String), Vec<String>>,
}

impl Tree {
    /// Reads lines of the form `2 name v1.0.0 (source) (*)`. Cargo prints the dependencies of a package where it first
    /// comes up, so the depths alone give a path to each.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut paths = BTreeMap::new();
        let mut path: Vec<String> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let mut words = line.split_whitespace();
            let (Some(Ok(depth)), Some(name), Some(version)) =
                (words.next().map(str::parse::<usize>), words.next(), words.next())
            else {
                return Err(Failure::new(format!("`cargo tree` printed a line of an unknown form: {line}")));
            };
            path.truncate(depth);
            path.push(name.to_owned());
            paths.entry((name.to_owned(), version.to_owned())).or_insert_with(|| path.clone());
        }
        if paths.is_empty() { Err(Failure::new("`cargo tree` printed nothing")) } else { Ok(Self { paths }) }
    }

    /// How many packages there are; two versions of one crate are two.
    pub(crate) fn len(&self) -> usize {
        self.paths.len()
    }

    /// The path to the first package named `pattern`, or whose name begins with it where it ends in `*`.
    pub(super) fn path_to(&self, pattern: &str) -> Option<&[String]> {
        let matches = |name: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        self.paths.iter().find(|((name, _), _)| matches(name)).map(|(_, path)| path.as_slice())
    }
}
