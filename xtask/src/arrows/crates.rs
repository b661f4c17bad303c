//! The rules between crates, and how each is checked against a graph.

use super::tree::Tree;

/// Each crate with the crates of ours that it may use. Whatever is outside `crates/` may use all.
const ARROWS: &[(&str, &[&str])] = &[
    ("edgequake-macros", &[]),
    ("edgequake-types", &["edgequake-macros"]),
    ("edgequake-auth", &["edgequake-types"]),
    ("edgequake-client", &["edgequake-types", "edgequake-auth"]),
    ("edgequake-redis", &["edgequake-types", "edgequake-auth"]),
    ("edgequake-devserver", &["edgequake-types"]),
    ("edgequake-cli", &["edgequake-types", "edgequake-auth", "edgequake-client"]),
];

/// Libraries that a crate must not pull in. Features only add, so the widest set that must hold is the one to check.
pub(super) const FORBIDDEN: &[Forbidden] = &[
    Forbidden {
        package: "edgequake-types",
        features: Features::All,
        names: &["tokio*", "tower*", "hyper*", "rustls*", "h2"],
    },
    Forbidden {
        package: "edgequake-auth",
        features: Features::Default,
        names: &["hyper*", "reqwest", "h2", "rustls*", "tower", "tower-http"],
    },
    Forbidden {
        package: "edgequake-client",
        features: Features::None,
        names: &["h2", "hyper", "hyper-util", "rustls*", "tokio-rustls"],
    },
];

/// How many crates may come in, the crate itself included.
pub(super) const BUDGETS: &[Budget] =
    &[Budget { package: "edgequake-types", most: 21 }, Budget { package: "edgequake-client", most: 95 }];

/// Which features of a crate are on.
#[derive(Clone, Copy)]
pub(super) enum Features {
    Default,
    All,
    None,
}

impl Features {
    pub(super) fn flag(self) -> Option<&'static str> {
        match self {
            Self::Default => None,
            Self::All => Some("--all-features"),
            Self::None => Some("--no-default-features"),
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Default => "default features",
            Self::All => "all features",
            Self::None => "no default features",
        }
    }
}

/// A crate, and the names it must not pull in; `x*` is every name that begins with `x`.
pub(super) struct Forbidden {
    pub(super) package: &'static str,
    pub(super) features: Features,
    pub(super) names: &'static [&'static str],
}

impl Forbidden {
    /// One line for each forbidden name that is there, with the way it came in.
    pub(super) fn broken(&self, tree: &Tree) -> Vec<String> {
        let paths = self.names.iter().filter_map(|name| Some((name, tree.path_to(name)?)));
        let line = |(name, path): (&&str, &[String])| {
            let (package, features) = (self.package, self.features.words());
            format!("{package} ({features}) must not pull in {name}: {}", path.join(" -> "))
        };
        paths.map(line).collect()
    }
}

/// A crate, and the most crates it may pull in, itself included.
pub(super) struct Budget {
    pub(super) package: &'static str,
    pub(super) most: usize,
}

impl Budget {
    pub(super) fn broken(&self, tree: &Tree) -> Option<String> {
        let (package, most, found) = (self.package, self.most, tree.len());
        (found > most).then(|| {
            format!("{package} pulls in {found} crates, itself included; at most {most} are allowed")
        })
    }
}

/// One line for each crate of ours in `uses` that `package` may not use.
pub(super) fn broken_arrows<'a>(package: &str, uses: impl Iterator<Item = &'a str>) -> Vec<String> {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package) else {
        return vec![format!("{package} has no row in the table of arrows; say there what it may use")];
    };
    uses.filter(|name| !allowed.contains(name))
        .map(|name| format!("{package} must not depend on {name}"))
        .collect()
}
