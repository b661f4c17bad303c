//! Every name in some code that may lead to another module, found among its tokens: so it makes no difference whether a path
//! stands in a `use`, in an expression, in an attribute, in the body of a macro or in what is passed to one.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::LitStr;
use syn::ext::IdentExt;

/// A name, and where it stands.
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) what: What,
}

pub(super) enum What {
    /// `crate::a::b`, with `*` as the last name of a glob.
    FromRoot(Vec<String>),
    /// `super::super::a::b`: how many modules up, and then the names. `self::a` goes up by none.
    FromHere(usize, Vec<String>),
    /// `name!(...)`.
    Macro(String),
    /// `#[name]` or `#[name(...)]`.
    Attribute(String),
}

/// Looks for names in code. `this` is what the crate calls itself, if it has a name for that.
pub(super) struct Scan<'a> {
    this: Option<&'a str>,
    found: Vec<Named>,
}

impl<'a> Scan<'a> {
    pub(super) fn names(code: TokenStream, this: Option<&'a str>) -> Vec<Named> {
        let mut scan = Self { this, found: Vec::new() };
        scan.code(code);
        scan.found
    }

    fn code(&mut self, code: TokenStream) {
        let trees: Vec<_> = code.into_iter().collect();
        let mut rest = trees.as_slice();
        while let [first, after @ ..] = rest {
            rest = match first {
                TokenTree::Punct(mark) if mark.as_char() == '#' => self.attribute(after),
                TokenTree::Ident(name) => self.name(&name.unraw().to_string(), line(first), after),
                TokenTree::Group(group) => {
                    self.code(group.stream());
                    after
                }
                _ => after,
            };
        }
    }

    /// What follows a `#`, inside the brackets if that is an attribute.
    fn attribute<'t>(&mut self, rest: &'t [TokenTree]) -> &'t [TokenTree] {
        let rest = if is_mark(rest.first(), '!') { &rest[1..] } else { rest };
        let [TokenTree::Group(group), after @ ..] = rest else { return rest };
        let inside: Vec<_> = group.stream().into_iter().collect();
        let Some(TokenTree::Ident(name)) = inside.first() else { return rest };
        if name != "doc" && !is_path(&inside[1..]) {
            self.add(line(&inside[0]), What::Attribute(name.to_string()));
        }
        if name != "doc" {
            self.code(group.stream());
        }
        after
    }

    /// An identifier: the beginning of a path, the name of a macro that is called, or neither.
    fn name<'t>(&mut self, name: &str, line: usize, rest: &'t [TokenTree]) -> &'t [TokenTree] {
        let is_root = name == "crate" || self.this == Some(name);
        match rest {
            [TokenTree::Group(group), ..] if name == "serde" => self.texts(group),
            [TokenTree::Punct(mark), TokenTree::Group(_), ..] if mark.as_char() == '!' => {
                self.add(line, What::Macro(name.to_owned()));
            }
            // `use crate as name;`
            [TokenTree::Ident(word), ..] if is_root && word == "as" => {
                self.add(line, What::FromRoot(Vec::new()));
            }
            _ if is_path(rest) && is_root => return self.path(None, &[], line, rest),
            _ if is_path(rest) && name == "self" => return self.path(Some(0), &[], line, rest),
            _ if is_path(rest) && name == "super" => return self.path(Some(1), &[], line, rest),
            _ if is_path(rest) => return other_path(rest),
            _ => {}
        }
        rest
    }

    /// The names after the beginning of a path, and those of every branch if it is a tree of a `use`. `line` is where the
    /// first of the names stands.
    fn path<'t>(
        &mut self,
        mut up: Option<usize>,
        names: &[String],
        mut line: usize,
        mut rest: &'t [TokenTree],
    ) -> &'t [TokenTree] {
        let mut names = names.to_vec();
        while is_path(rest) {
            match rest.get(2) {
                Some(TokenTree::Ident(name)) => {
                    let name = name.unraw().to_string();
                    match up {
                        Some(modules) if name == "super" && names.is_empty() => up = Some(modules + 1),
                        _ => {
                            if names.is_empty() {
                                line = rest[2].span().start().line;
                            }
                            names.push(name);
                        }
                    }
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.branches(up, &names, line, group);
                    return &rest[3..];
                }
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => names.push("*".to_owned()),
                _ => break,
            }
            rest = &rest[3..];
        }
        self.add(
            line,
            up.map_or_else(|| What::FromRoot(names.clone()), |up| What::FromHere(up, names.clone())),
        );
        rest
    }

    fn branches(&mut self, up: Option<usize>, names: &[String], line: usize, group: &Group) {
        let trees: Vec<_> = group.stream().into_iter().collect();
        for branch in trees.split(|tree| is_mark(Some(tree), ',')) {
            let [first, after @ ..] = branch else { continue };
            let line = if names.is_empty() { first.span().start().line } else { line };
            match first.to_string().trim_start_matches("r#") {
                "self" if !is_path(after) => self.path(up, names, line, &[]),
                "self" => self.path(up, names, line, after),
                "super" if names.is_empty() => self.path(up.map(|up| up + 1), names, line, after),
                name => self.path(up, &[names, &[name.to_owned()]].concat(), line, after),
            };
        }
    }

    /// The texts in an attribute of serde, which are paths and bounds. Each stands where the text does.
    fn texts(&mut self, group: &Group) {
        for tree in group.stream() {
            let text = syn::parse2::<LitStr>(tree.clone().into()).map(|text| text.value());
            if let Some(code) = text.ok().and_then(|text| text.parse().ok()) {
                let found = Self::names(code, self.this);
                self.found.extend(found.into_iter().map(|named| Named { line: line(&tree), ..named }));
            }
        }
    }

    fn add(&mut self, line: usize, what: What) {
        self.found.push(Named { line, what });
    }
}

/// What comes after the names of a path that leads elsewhere: none of them begins another one.
fn other_path(mut rest: &[TokenTree]) -> &[TokenTree] {
    while let [_, _, TokenTree::Ident(_), after @ ..] = rest
        && is_path(rest)
    {
        rest = after;
    }
    if is_path(rest) { &rest[2..] } else { rest }
}

/// Whether a `::` comes first.
fn is_path(rest: &[TokenTree]) -> bool {
    is_mark(rest.first(), ':') && is_mark(rest.get(1), ':')
}

fn is_mark(tree: Option<&TokenTree>, mark: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn line(tree: &TokenTree) -> usize {
    tree.span().start().line
}
