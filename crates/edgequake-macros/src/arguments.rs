//! What stands in the brackets of the two attributes.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitInt, LitStr, Path, Result, Token, Type, parenthesized};

use crate::header;

/// What both attributes understand.
#[derive(Default)]
pub(crate) struct Common {
    /// `new(a, b, c = value)`: the fields that the constructor takes, in this order, and those that it sets. `None` if there is none.
    pub(crate) new: Option<New>,
    /// `also(Type.field)`: other types that get the same setters, through a field of theirs.
    pub(crate) also: Vec<(Path, Ident)>,
    /// `crate = path`: where `edgequake_types` is.
    pub(crate) krate: Option<Path>,
    /// `default`: there is a `Default`, although the constructor takes something or is written by hand.
    pub(crate) default: bool,
    /// `eq`: there is `Eq`.
    pub(crate) eq: bool,
}

/// What a constructor takes, and what it sets by itself.
#[derive(Default)]
pub(crate) struct New {
    pub(crate) taken: Vec<Ident>,
    pub(crate) set: Vec<(Ident, TokenStream)>,
}

impl Parse for New {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut new = Self::default();
        while !input.is_empty() {
            let field: Ident = input.parse()?;
            if new.taken.iter().chain(new.set.iter().map(|(field, _)| field)).any(|before| *before == field) {
                return Err(syn::Error::new(field.span(), "duplicate field in `new`: remove one"));
            }
            if input.peek(Token![=]) {
                input.parse::<Token![=]>()?;
                new.set.push((field, up_to_comma(input)?));
            } else if let Some((set, _)) = new.set.last() {
                return Err(syn::Error::new(
                    set.span(),
                    "`new` lists the fields that it takes first: move this one to the end",
                ));
            } else {
                new.taken.push(field);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(new)
    }
}

/// An expression; a comma in it has to stand in brackets.
fn up_to_comma(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut value = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        value.extend([input.parse::<TokenTree>()?]);
    }
    if value.is_empty() { Err(input.error("expected a value")) } else { Ok(value) }
}

impl Common {
    /// The path to what the generated code needs of `edgequake_types`.
    pub(crate) fn krate(&self) -> TokenStream {
        match &self.krate {
            Some(path) => quote!(#path),
            None => quote!(::edgequake_types),
        }
    }

    /// Whether the option is one of these, which is read then.
    fn read(&mut self, name: &Ident, input: ParseStream<'_>) -> Result<bool> {
        if name == "new" {
            let fields;
            parenthesized!(fields in input);
            self.new = Some(fields.parse()?);
        } else if name == "also" {
            let through;
            parenthesized!(through in input);
            let path = through.call(Path::parse_mod_style)?;
            through.parse::<Token![.]>()?;
            self.also.push((path, through.parse()?));
        } else if name == "crate" {
            input.parse::<Token![=]>()?;
            // As serde has it, or as a path.
            self.krate = Some(match input.peek(LitStr) {
                true => input.parse::<LitStr>()?.parse_with(Path::parse_mod_style)?,
                false => input.call(Path::parse_mod_style)?,
            });
        } else if name == "eq" {
            self.eq = true;
        } else if name == "default" {
            self.default = true;
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

/// Reads options, separated by commas, up to the end.
fn options(
    input: ParseStream<'_>,
    mut read: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    let mut said: Vec<Ident> = Vec::new();
    while !input.is_empty() {
        let name = input.call(Ident::parse_any)?;
        read(&name, input)?;
        if name != "also" && said.contains(&name) {
            return Err(syn::Error::new(name.span(), "duplicate option: remove one"));
        }
        said.push(name);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

/// `PATCH "/api/v1/users/{user_id}" -> UpdatedUser, Required, Safe, Json, new(user_id)`.
pub(crate) struct OperationArguments {
    pub(crate) method: Ident,
    pub(crate) path: LitStr,
    pub(crate) answer: Type,
    pub(crate) auth: Ident,
    pub(crate) retry: Ident,
    pub(crate) payload: Ident,
    /// `headers("name" = "value")`: what is sent with every request.
    pub(crate) headers: Vec<(LitStr, LitStr)>,
    /// `content_type = "text/markdown"`: of a raw body.
    pub(crate) content_type: Option<LitStr>,
    /// `status = 201`: that of a success, where the answer does not tell it.
    pub(crate) status: Option<LitInt>,
    /// `since = "0.30"`: the first server that has it.
    pub(crate) since: Option<LitStr>,
    pub(crate) common: Common,
}

/// The status of a success.
fn success(input: ParseStream<'_>) -> Result<LitInt> {
    let status: LitInt = input.parse()?;
    match status.base10_parse::<u16>().is_ok_and(|status| (200..300).contains(&status)) {
        true => Ok(status),
        false => Err(syn::Error::new(status.span(), "a success has a status from 200 to 299")),
    }
}

/// The next word, which has to be one of these.
fn one_of(input: ParseStream<'_>, what: &str, words: &[&str]) -> Result<Ident> {
    let expected = || format!("expected {what}: {}", words.join(", "));
    let word: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), expected()))?;
    if words.iter().any(|known| word == known) {
        Ok(word)
    } else {
        Err(syn::Error::new(word.span(), expected()))
    }
}

impl Parse for OperationArguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let method =
            one_of(input, "a method", &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])?;
        let path = input.parse()?;
        input.parse::<Token![->]>()?;
        let answer = input.parse()?;
        input.parse::<Token![,]>()?;
        let auth = one_of(input, "whether a credential is needed", &["Public", "Optional", "Required"])?;
        input.parse::<Token![,]>()?;
        let retry = one_of(input, "when it may be repeated", &["Safe", "Refused", "Never"])?;
        input.parse::<Token![,]>()?;
        let payloads = ["None", "Query", "Json", "Form", "Multipart", "Raw"];
        let payload = one_of(input, "where the fields travel", &payloads)?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut arguments = Self {
            method,
            path,
            answer,
            auth,
            retry,
            payload,
            headers: Vec::new(),
            content_type: None,
            status: None,
            since: None,
            common: Common::default(),
        };
        options(input, |name, input| arguments.option(name, input))?;
        Ok(arguments)
    }
}

impl OperationArguments {
    fn option(&mut self, name: &Ident, input: ParseStream<'_>) -> Result<()> {
        if name == "headers" {
            let pairs;
            parenthesized!(pairs in input);
            while !pairs.is_empty() {
                let name = pairs.parse()?;
                header::name(&name)?;
                pairs.parse::<Token![=]>()?;
                self.headers.push((name, header::value(&pairs)?));
                if !pairs.is_empty() {
                    pairs.parse::<Token![,]>()?;
                }
            }
        } else if name == "content_type" {
            input.parse::<Token![=]>()?;
            self.content_type = Some(header::value(input)?);
        } else if name == "status" {
            input.parse::<Token![=]>()?;
            self.status = Some(success(input)?);
        } else if name == "since" {
            input.parse::<Token![=]>()?;
            self.since = Some(input.parse()?);
        } else if !self.common.read(name, input)? {
            let known =
                "new(..), also(Type.field), headers(..), content_type, status, since, default, eq, crate";
            return Err(syn::Error::new(name.span(), format!("unknown option; there are {known}")));
        }
        Ok(())
    }
}

/// `answer, wrapped = "user", new(user)`.
#[derive(Default)]
pub(crate) struct ModelArguments {
    /// `answer`: it is what an operation answers with.
    pub(crate) answer: Option<AnswerArguments>,
    /// `wrapped = "user"`: written as `{"user": {...}, ...}`, read like that or as the object in it alone.
    pub(crate) wrapped: Option<LitStr>,
    /// `bare = items`: read as the bare list of these as well.
    pub(crate) bare: Option<Ident>,
    /// `from = Wire`: read as this other model, from which it is made.
    pub(crate) from: Option<Path>,
    /// `setters`: there are setters, as for an operation.
    pub(crate) setters: bool,
    /// `known`: an object that has other fields and none of these is an error.
    pub(crate) known: bool,
    pub(crate) common: Common,
}

/// `answer(201, or_empty)`.
#[derive(Default)]
pub(crate) struct AnswerArguments {
    /// The status of a success, if it is not 200.
    pub(crate) status: Option<LitInt>,
    /// An empty body (204) is the default.
    pub(crate) or_empty: bool,
    /// The model reads and writes the head itself.
    pub(crate) head: bool,
    /// As an answer it is also read from the object under this name.
    pub(crate) or_wrapped: Option<LitStr>,
}

impl Parse for AnswerArguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut answer = Self::default();
        while !input.is_empty() {
            if input.peek(LitInt) {
                answer.status = Some(success(input)?);
            } else {
                let name: Ident = input.parse()?;
                if name == "or_empty" {
                    answer.or_empty = true;
                } else if name == "head" {
                    answer.head = true;
                } else if name == "or_wrapped" {
                    input.parse::<Token![=]>()?;
                    answer.or_wrapped = Some(input.parse()?);
                } else {
                    let known = "a status such as 201, or_empty, or_wrapped = \"...\", head";
                    return Err(syn::Error::new(name.span(), format!("unknown option; there are {known}")));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(answer)
    }
}

impl Parse for ModelArguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        options(input, |name, input| arguments.option(name, input))?;
        Ok(arguments)
    }
}

impl ModelArguments {
    fn option(&mut self, name: &Ident, input: ParseStream<'_>) -> Result<()> {
        if name == "answer" {
            let mut answer = AnswerArguments::default();
            if input.peek(syn::token::Paren) {
                let inner;
                parenthesized!(inner in input);
                answer = inner.parse()?;
            }
            self.answer = Some(answer);
        } else if name == "wrapped" {
            input.parse::<Token![=]>()?;
            self.wrapped = Some(input.parse()?);
        } else if name == "bare" {
            input.parse::<Token![=]>()?;
            self.bare = Some(input.parse()?);
        } else if name == "from" {
            input.parse::<Token![=]>()?;
            self.from = Some(input.call(Path::parse_mod_style)?);
        } else if name == "setters" {
            self.setters = true;
        } else if name == "known" {
            self.known = true;
        } else if !self.common.read(name, input)? {
            let known = "answer, wrapped = \"...\", bare = field, from = Model, setters, known, new(..), also(Type.field), default, eq, crate";
            return Err(syn::Error::new(name.span(), format!("unknown option; there are {known}")));
        }
        Ok(())
    }
}
