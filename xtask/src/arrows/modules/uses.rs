//! Which module of a crate uses which, and where.

use super::root::{Root, Target};
use super::scan::{Scan, What};
use super::tree::Crate;

/// The attributes of `edgequake-macros`. Their code names [`PRIVATE`], so a module that has one uses what is there.
const ATTRIBUTES: &[&str] = &["model", "operation"];

/// Where the code of the attributes finds what it calls, in the crate that shows them.
const PRIVATE: &str = "__private";

/// One use. Sorted by the modules, then by the place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    /// The index of the module that uses.
    pub(super) from: usize,
    pub(super) to: Target,
    pub(super) file: String,
    pub(super) line: usize,
}

impl Use {
    /// Whether it goes to what is not below.
    pub(super) fn is_against_the_order(&self) -> bool {
        self.to > Target::Module(self.from)
    }
}

/// All uses between the modules of `krate`, each line once.
pub(super) fn uses(krate: &Crate) -> Vec<Use> {
    let root = Root::new(krate);
    let mut uses = Vec::new();
    for piece in &krate.pieces {
        let Some(from) = krate.modules.iter().position(|module| Some(module) == piece.module.first()) else {
            continue;
        };
        for named in Scan::names(piece.code.clone(), root.this.as_deref()) {
            let targets: Vec<_> = match named.what {
                What::FromRoot(names) => root.find(&names).into_iter().collect(),
                What::FromHere(up, names) if up == piece.module.len() => {
                    root.find(&names).into_iter().collect()
                }
                What::FromHere(..) => Vec::new(),
                What::Macro(name) => root.find_macro(&name, &piece.module).into_iter().collect(),
                What::Attribute(name) if ATTRIBUTES.contains(&name.as_str()) && root.hides(PRIVATE) => {
                    root.find(&[PRIVATE.to_owned()]).into_iter().collect()
                }
                What::Attribute(_) | What::Hidden(_) => Vec::new(),
            };
            let others = targets.into_iter().filter(|to| *to != Target::Module(from));
            uses.extend(others.map(|to| Use { from, to, file: piece.file.clone(), line: named.line }));
        }
    }
    uses.sort();
    uses.dedup();
    uses
}
