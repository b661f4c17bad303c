//! Every name in some code that may lead to another module, found among its tokens: so it makes no difference whether a path
//! stands in a `use`, in an expression, in an attribute, in the body of a macro or in what is passed to one.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::LitStr;
use syn::ext::IdentExt;

use super::strip::is_for_tests;

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
    /// Code of which it cannot be seen where it leads.
    Hidden(Hidden),
}

/// Forms that this check cannot follow, so that they are not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    /// `include!(...)`.
    Include,
    /// `mod` in a function, a constant, or in what is passed to a macro.
    Module,
    /// `crate` or `super` handed to a macro, or a new name for the crate.
    Handed,
    /// `super::` or `self::` in the body of a macro, which means another module wherever the macro is called.
    Relative,
}

/// Macros that build code of other crates, so that the paths in it are theirs.
const QUOTES: &[&str] = &["quote", "quote_spanned", "parse_quote", "parse_quote_spanned"];

/// Keys in an attribute of serde whose text is not code.
const WORDS: &[&str] = &["rename", "rename_all", "rename_all_fields", "alias", "tag", "content", "expecting"];

/// Looks for names in code. `this` is what the crate calls itself, if it has a name for that.
pub(super) struct Scan<'a> {
    this: Option<&'a str>,
    /// In the body of a macro by example.
    in_macro: bool,
    found: Vec<Named>,
}

impl<'a> Scan<'a> {
    pub(super) fn names(code: TokenStream, this: Option<&'a str>) -> Vec<Named> {
        let mut scan = Self { this, in_macro: false, found: Vec::new() };
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
        if is_for_tests(group) {
            return skip_item(after);
        }
        match (name.to_string().as_str(), inside.get(1)) {
            ("doc", _) => return after,
            ("cfg_attr", Some(TokenTree::Group(list))) => {
                let list: Vec<_> = list.stream().into_iter().collect();
                list.split(|tree| is_mark(Some(tree), ',')).skip(1).for_each(|one| self.named_attribute(one));
            }
            _ => self.named_attribute(&inside),
        }
        self.code(group.stream());
        after
    }

    fn named_attribute(&mut self, code: &[TokenTree]) {
        if let [first @ TokenTree::Ident(name), after @ ..] = code
            && !is_path(after)
        {
            self.add(line(first), What::Attribute(name.to_string()));
        }
    }

    /// An identifier: the beginning of a path, the name of a macro that is called, or neither.
    fn name<'t>(&mut self, name: &str, line: usize, rest: &'t [TokenTree]) -> &'t [TokenTree] {
        let is_root = name == "crate" || self.this == Some(name);
        if self.in_macro && is_path(rest) && ["self", "super"].contains(&name) {
            self.add(line, What::Hidden(Hidden::Relative));
        }
        match rest {
            [TokenTree::Group(group), after @ ..] if name == "pub" && is_visibility(group) => return after,
            [TokenTree::Group(group), ..] if name == "serde" => self.texts(group),
            [mark, TokenTree::Ident(_), TokenTree::Group(body), after @ ..]
                if name == "macro_rules" && is_mark(Some(mark), '!') =>
            {
                let before = std::mem::replace(&mut self.in_macro, true);
                self.code(body.stream());
                self.in_macro = before;
                return after;
            }
            [mark, TokenTree::Group(_), after @ ..] if is_mark(Some(mark), '!') => {
                self.add(line, What::Macro(name.to_owned()));
                if name == "include" {
                    self.add(line, What::Hidden(Hidden::Include));
                }
                if QUOTES.contains(&name) {
                    return after;
                }
            }
            // `mod name` and, in a macro, `mod $name`.
            [TokenTree::Ident(_), ..] if name == "mod" => self.add(line, What::Hidden(Hidden::Module)),
            [mark, ..] if name == "mod" && is_mark(Some(mark), '$') => {
                self.add(line, What::Hidden(Hidden::Module));
            }
            // `use crate as name;`, `use super as name;`
            [TokenTree::Ident(word), ..] if is_root && word == "as" => {
                self.add(line, What::FromRoot(Vec::new()));
            }
            [TokenTree::Ident(word), ..] if name == "super" && word == "as" => {
                self.add(line, What::FromHere(1, Vec::new()));
            }
            // Not `#[model(crate = path)]`.
            _ if ["crate", "super"].contains(&name) && !is_path(rest) && !is_mark(rest.first(), '=') => {
                self.add(line, What::Hidden(Hidden::Handed));
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
            if let TokenTree::Group(group) = first {
                self.branches(up, names, line, group);
                continue;
            }
            match first.to_string().trim_start_matches("r#") {
                "self" if !is_path(after) => self.path(up, names, line, &[]),
                "self" => self.path(up, names, line, after),
                "super" if names.is_empty() => self.path(up.map(|up| up + 1), names, line, after),
                name => self.path(up, &[names, &[name.to_owned()]].concat(), line, after),
            };
        }
    }

    /// The texts in an attribute of serde that are paths and bounds. Each stands where the text does.
    fn texts(&mut self, group: &Group) {
        let trees: Vec<_> = group.stream().into_iter().collect();
        for part in trees.split(|tree| is_mark(Some(tree), ',')) {
            match part {
                [TokenTree::Ident(key), ..] if WORDS.contains(&key.to_string().as_str()) => {}
                [TokenTree::Ident(_), TokenTree::Group(group)] => self.texts(group),
                [TokenTree::Ident(_), equals, text] if is_mark(Some(equals), '=') => self.text(text),
                _ => {}
            }
        }
    }

    fn text(&mut self, tree: &TokenTree) {
        let text = syn::parse2::<LitStr>(tree.clone().into()).map(|text| text.value());
        if let Some(code) = text.ok().and_then(|text| text.parse().ok()) {
            let found = Self::names(code, self.this);
            self.found.extend(found.into_iter().map(|named| Named { line: line(tree), ..named }));
        }
    }

    fn add(&mut self, line: usize, what: What) {
        self.found.push(Named { line, what });
    }
}

/// `(crate)`, `(super)`, `(self)` or `(in path)` after `pub`.
fn is_visibility(group: &Group) -> bool {
    let inside: Vec<_> = group.stream().into_iter().collect();
    match inside.as_slice() {
        [TokenTree::Ident(word)] => ["crate", "super", "self"].iter().any(|one| word == one),
        [TokenTree::Ident(word), ..] => word == "in",
        _ => false,
    }
}

/// What comes after the item, field, arm or statement that `rest` begins with, as far as its end can be seen.
fn skip_item(rest: &[TokenTree]) -> &[TokenTree] {
    let is_item = |tree: &TokenTree| {
        let items =
            ["const", "enum", "fn", "impl", "mod", "static", "struct", "trait", "type", "union", "use"];
        matches!(tree, TokenTree::Ident(word) if items.iter().any(|item| word == item))
    };
    let is_end = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        tree => is_mark(Some(tree), ';'),
    };
    let ends_with_comma = !rest.iter().take_while(|tree| !is_end(tree)).any(is_item);
    let end = rest.iter().position(|tree| is_end(tree) || (ends_with_comma && is_mark(Some(tree), ',')));
    end.map_or(&[], |end| &rest[end + 1..])
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
