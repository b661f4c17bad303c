//! [`Field`]: one field of a struct, with what its type and its `#[field(...)]` say.

use std::borrow::Cow;
use std::collections::HashSet;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Fields, GenericArgument, Ident, LitStr, Path, PathArguments, Result, Type,
};

use crate::header;

/// Where a field travels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Place {
    /// In the object: JSON, query or form.
    Object,
    /// In the path, which names it. Read by a server with the other fields.
    Path,
    /// In a header of this name.
    Header(String),
    /// It is the raw body.
    Body,
    /// In the scope headers: the tenant of an operation on one workspace.
    Scope,
}

pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// What its setter has as well: its doc comments, and whether it is deprecated.
    pub(crate) docs: Vec<Attribute>,
    /// Its name on the wire.
    pub(crate) name: String,
    /// Other names that are read.
    pub(crate) aliases: Vec<String>,
    pub(crate) place: Place,
    /// `flatten`: what the other fields leave.
    pub(crate) flatten: bool,
    /// `default` or `default = function`: what it is where it is absent or null.
    pub(crate) default: Option<Option<Path>>,
    /// `required`: absent is an error, although the type has a default.
    pub(crate) required: bool,
    /// `lenient`: what cannot be read counts as absent.
    pub(crate) lenient: bool,
    /// `read = function`: reads it instead of the type's own way.
    pub(crate) read: Option<Path>,
    /// `write = function`: what this function makes of it is written in its place.
    pub(crate) write: Option<Path>,
    /// `always`: written even where the type would leave it out.
    pub(crate) always: bool,
    /// `omit_default`: left out where it is the default, which it is where it is absent.
    pub(crate) omit_default: bool,
    /// `expose`: a secret that is written in clear.
    pub(crate) expose: bool,
}

/// The named fields of a struct, their `#[field]`s taken away.
pub(crate) fn take(item: &mut DeriveInput) -> Result<Vec<Field>> {
    if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
        return Err(syn::Error::new_spanned(
            &item.ident,
            "the struct must not be generic: its names on the wire are fixed",
        ));
    }
    let Data::Struct(data) = &mut item.data else {
        return Err(syn::Error::new_spanned(&item.ident, "expected a struct with named fields"));
    };
    let Fields::Named(fields) = &mut data.fields else {
        return Err(syn::Error::new_spanned(&item.ident, "expected named fields: `struct Name { .. }`"));
    };
    let fields: Vec<Field> = fields.named.iter_mut().map(Field::take).collect::<Result<_>>()?;
    check_names(&fields)?;
    Ok(fields)
}

/// Takes away what only these attributes understand, so that what is left of a struct with a mistake is a struct.
pub(crate) fn strip(item: &mut DeriveInput) {
    item.attrs.retain(|attribute| !attribute.path().is_ident("derive"));
    if let Data::Struct(data) = &mut item.data {
        for field in &mut data.fields {
            field
                .attrs
                .retain(|attribute| !["field", "serde"].iter().any(|name| attribute.path().is_ident(name)));
        }
    }
}

/// Checks that no two fields travel under one name.
fn check_names(fields: &[Field]) -> Result<()> {
    let mut seen = HashSet::new();
    for field in fields {
        let names: Vec<(Cow<'_, str>, String)> = match &field.place {
            Place::Object if field.flatten => {
                vec![(
                    "".into(),
                    "only one field can be `flatten`: it takes what the others leave".to_owned(),
                )]
            }
            Place::Object => {
                let names = std::iter::once(&field.name).chain(&field.aliases);
                let mistake = |name: &str| {
                    format!(
                        "two fields share the wire name `{name}`: rename one with `#[field(rename = \"..\")]`"
                    )
                };
                names.map(|name| (name.into(), mistake(name))).collect()
            }
            Place::Header(name) => {
                let name = name.to_ascii_lowercase();
                vec![(format!("{name}:").into(), format!("two fields share the header `{name}`: remove one"))]
            }
            Place::Path | Place::Body | Place::Scope => Vec::new(),
        };
        for (name, mistake) in names {
            if !seen.insert(name) {
                return Err(syn::Error::new(field.ident.span(), mistake));
            }
        }
    }
    Ok(())
}

/// What says the same in different ways, or contradicts itself.
const APART: [(&str, &str); 5] = [
    ("default", "required"),
    ("omit_default", "required"),
    ("omit_default", "always"),
    ("lenient", "read"),
    ("write", "expose"),
];

/// What a field has that is no entry of the object: nothing else can be said of it.
const ALONE: [&str; 4] = ["flatten", "header", "body", "scope"];

impl Field {
    fn take(field: &mut syn::Field) -> Result<Self> {
        let own: Vec<Attribute> =
            field.attrs.iter().filter(|attribute| attribute.path().is_ident("field")).cloned().collect();
        field.attrs.retain(|attribute| !attribute.path().is_ident("field"));
        let Some(ident) = field.ident.clone() else {
            return Err(syn::Error::new_spanned(field, "expected a named field"));
        };
        for attribute in &field.attrs {
            if attribute.path().is_ident("cfg") {
                let rule = "a field cannot depend on a `cfg`: put the `cfg` at the struct";
                return Err(syn::Error::new_spanned(attribute, rule));
            }
            if attribute.path().is_ident("serde") {
                let rule = "serde's own attributes have no effect here: say `#[field(...)]`";
                return Err(syn::Error::new_spanned(attribute, rule));
            }
        }
        let passed_on = |attribute: &&Attribute| {
            attribute.path().is_ident("doc") || attribute.path().is_ident("deprecated")
        };
        let mut read = Self {
            name: ident.unraw().to_string(),
            ident,
            ty: field.ty.clone(),
            docs: field.attrs.iter().filter(passed_on).cloned().collect(),
            aliases: Vec::new(),
            place: Place::Object,
            flatten: false,
            default: None,
            required: false,
            lenient: false,
            read: None,
            write: None,
            always: false,
            omit_default: false,
            expose: false,
        };
        let mut said: Vec<Ident> = Vec::new();
        for attribute in own {
            attribute.parse_nested_meta(|meta| {
                read.option(&meta)?;
                let option = meta.path.require_ident()?.clone();
                if option != "alias" && said.contains(&option) {
                    return Err(syn::Error::new(option.span(), "duplicate option: remove one"));
                }
                said.push(option);
                Ok(())
            })?;
        }
        Self::check(&said)?;
        if read.is_secret() && read.place == Place::Object && !read.expose {
            let rule = "a secret is written in clear only where that is said: `#[field(expose)]`";
            return Err(syn::Error::new(read.ident.span(), rule));
        }
        Ok(read)
    }

    /// Checks that what is said of a field goes together.
    fn check(said: &[Ident]) -> Result<()> {
        let find = |name: &str| said.iter().find(|option| *option == name);
        for (one, other) in APART {
            if let (Some(_), Some(option)) = (find(one), find(other)) {
                let rule = format!("`{one}` and `{other}` exclude each other");
                return Err(syn::Error::new(option.span(), rule));
            }
        }
        if let Some(alone) = ALONE.into_iter().find(|name| find(name).is_some())
            && let Some(other) = said.iter().find(|option| *option != alone)
        {
            let rule =
                format!("a field with `{alone}` is no entry of the object: nothing else can be said of it");
            return Err(syn::Error::new(other.span(), rule));
        }
        Ok(())
    }

    fn option(&mut self, meta: &syn::meta::ParseNestedMeta<'_>) -> Result<()> {
        let is = |name: &str| meta.path.is_ident(name);
        if is("rename") {
            self.name = meta.value()?.parse::<LitStr>()?.value();
        } else if is("alias") {
            self.aliases.push(meta.value()?.parse::<LitStr>()?.value());
        } else if is("header") {
            self.place = Place::Header(header::name(&meta.value()?.parse()?)?);
        } else if is("body") {
            self.place = Place::Body;
        } else if is("scope") {
            self.place = Place::Scope;
        } else if is("flatten") {
            self.flatten = true;
        } else if is("default") {
            let function = if meta.input.peek(syn::Token![=]) { Some(meta.value()?.parse()?) } else { None };
            self.default = Some(function);
        } else if is("required") {
            self.required = true;
        } else if is("lenient") {
            self.lenient = true;
        } else if is("read") {
            self.read = Some(meta.value()?.parse()?);
        } else if is("write") {
            self.write = Some(meta.value()?.parse()?);
        } else if is("always") {
            self.always = true;
        } else if is("omit_default") {
            self.omit_default = true;
        } else if is("expose") {
            self.expose = true;
        } else {
            return Err(meta.error(
                "unknown option of a field; there are rename, alias, header, body, scope, flatten, default, required, \
                 lenient, read, write, always, omit_default, expose",
            ));
        }
        Ok(())
    }

    /// Whether it is the workspace that the path names, in whose scope the operation is sent.
    pub(crate) fn is_workspace(&self) -> bool {
        self.place == Place::Path && self.name == "workspace_id"
    }

    /// Whether it is part of the object that is read.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.place, Place::Object | Place::Path)
    }

    /// Whether it is part of the object that is written.
    pub(crate) fn is_written(&self) -> bool {
        self.place == Place::Object
    }

    /// Whether it is a secret, by the name of its type.
    fn is_secret(&self) -> bool {
        self.is_called(&["Secret"])
    }

    /// Whether it is a list or a map within the object, by the name of its type.
    pub(crate) fn is_nested(&self) -> bool {
        !self.flatten && self.is_called(&["Vec", "BTreeMap", "Map"])
    }

    /// Whether its type, or what it is an `Option` of, has one of these names.
    fn is_called(&self, names: &[&str]) -> bool {
        let Type::Path(path) = bare(self.option_of().unwrap_or(&self.ty)) else { return false };
        path.path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
    }

    /// The place of its type, for errors of the compiler about it.
    pub(crate) fn span(&self) -> Span {
        self.ty.span().resolved_at(Span::call_site())
    }

    /// Tokens at the place of its type. One error of the compiler about the type is one error then, wherever it comes up.
    pub(crate) fn placed(&self, tokens: &TokenStream) -> TokenStream {
        let placed = tokens.clone().into_iter().map(|mut token| {
            // `$crate` is what it is by where it was written.
            if !matches!(&token, TokenTree::Ident(ident) if ident == "$crate") {
                token.set_span(self.span());
            }
            token
        });
        placed.collect()
    }

    /// Its name, at the place of its type.
    pub(crate) fn placed_ident(&self) -> Ident {
        let mut ident = self.ident.clone();
        ident.set_span(self.span());
        ident
    }

    /// The `T` of a field of type `Option<T>`, as it is written here.
    pub(crate) fn option_of(&self) -> Option<&Type> {
        argument_of(&self.ty, "Option")
    }
}

/// The type itself: what a macro hands on as `$t:ty` comes in an invisible group.
fn bare(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// The `T` of `Wrapper<T>`.
pub(crate) fn argument_of<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = bare(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(ty) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

/// Whether the type is a number or a flag: taken as it is, so that literals need no suffix.
pub(crate) fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 14] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize",
    ];
    matches!(bare(ty), Type::Path(path) if PLAIN.iter().any(|plain| path.path.is_ident(plain)))
}
