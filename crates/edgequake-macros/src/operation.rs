//! `#[operation]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{DeriveInput, Ident, Result};

use crate::arguments::OperationArguments;
use crate::construct;
use crate::docs;
use crate::fields::{self, Field, Place};
use crate::model::{agreements, check_derives, derives};
use crate::path;
use crate::read::{self, Shape};
use crate::write;

pub(crate) fn expand(arguments: OperationArguments, mut item: DeriveInput) -> Result<TokenStream> {
    let mut fields = fields::take(&mut item)?;
    let parameters = path::parameters(&arguments.path)?;
    place_parameters(&arguments, &parameters, &mut fields)?;
    check_payload(&arguments, &fields)?;
    check_derives(&arguments.common, &item)?;

    let krate = arguments.common.krate();
    let name = item.ident.clone();
    let read = read::expand(&krate, &name, &fields, &Shape { wrapped: None, bare: None, known: false });
    let write = write::expand(&krate, &name, &fields);
    let new = construct::new(&arguments.common, &item, &fields)?;
    let default = construct::default(&arguments.common, &name, &fields);
    let setters = construct::setters(&arguments.common, &item, &fields);
    let agreements = agreements(&krate, &fields);
    let derives = derives(&arguments.common);
    let scope = scope(&krate, &fields);
    let docs = docs::of_operation(&arguments, &fields);
    let endpoint = endpoint(&arguments, &krate, &name, &parameters, &fields, scope);
    let (attributes, rest) = (std::mem::take(&mut item.attrs), item);
    Ok(quote! {
        #(#attributes)*
        #docs
        #derives
        #[non_exhaustive]
        #rest
        #read
        #write
        #default
        #new
        #setters
        #agreements
        #endpoint
    })
}

/// Marks the fields that the path names, by their names on the wire.
fn place_parameters(
    arguments: &OperationArguments,
    parameters: &[String],
    fields: &mut [Field],
) -> Result<()> {
    for parameter in parameters {
        let Some(field) = fields.iter_mut().find(|field| field.name == *parameter && !field.flatten) else {
            let rule =
                format!("the path names `{{{parameter}}}`, and there is no field `{parameter}`: add it");
            return Err(syn::Error::new(arguments.path.span(), rule));
        };
        if field.option_of().is_some() {
            let rule = "a field in the path cannot be optional: a path without it is another operation";
            return Err(syn::Error::new(field.ident.span(), rule));
        }
        if field.place != Place::Object {
            let rule = "the path has this field: take `header`, `body` or `scope` away";
            return Err(syn::Error::new(field.ident.span(), rule));
        }
        field.place = Place::Path;
    }
    Ok(())
}

/// Checks that each field travels, and that there is one body at most.
fn check_payload(arguments: &OperationArguments, fields: &[Field]) -> Result<()> {
    if let Some(second) = fields.iter().filter(|field| field.place == Place::Scope).nth(1) {
        return Err(syn::Error::new(
            second.ident.span(),
            "a request has one tenant: only one field can be `scope`",
        ));
    }
    let payload = arguments.payload.to_string();
    let bodies: Vec<&Field> = fields.iter().filter(|field| field.place == Place::Body).collect();
    let wrong = |span: Span, rule: String| Err(syn::Error::new(span, rule));
    match (payload.as_str(), bodies.as_slice()) {
        ("Raw", [_]) => {}
        ("Raw", []) => {
            return wrong(
                arguments.payload.span(),
                "a raw body needs one field that is it: `#[field(body)] pub content: Bytes`".to_owned(),
            );
        }
        ("Raw", [_, second, ..]) => {
            return wrong(second.ident.span(), "there are two bodies: a request has one".to_owned());
        }
        (_, [body, ..]) => {
            let rule = format!(
                "there are two bodies: this field, and the one that `{payload}` makes; say `Raw` to send this one"
            );
            return wrong(body.ident.span(), rule);
        }
        _ => {}
    }
    if let (Some(content_type), true) = (&arguments.content_type, payload != "Raw") {
        return wrong(content_type.span(), "only a `Raw` body has a content type of its own".to_owned());
    }
    if ["Query", "Form", "Raw"].contains(&payload.as_str()) {
        let nested = fields.iter().find(|field| field.place == Place::Object && field.is_nested());
        if let Some(field) = nested {
            let rule = "a list or a map has no form in a query string: send it as `Json`, or as a text";
            return wrong(field.ident.span(), rule.to_owned());
        }
    }
    if payload == "None" {
        let homeless = fields.iter().find(|field| field.place == Place::Object);
        if let Some(field) = homeless {
            let rule = "this field would not travel: the payload is `None`, and the path does not name it; say `Query` or `Json`";
            return wrong(field.ident.span(), rule.to_owned());
        }
    }
    let reads = ["GET", "HEAD"].contains(&arguments.method.to_string().as_str());
    if reads && !["None", "Query"].contains(&payload.as_str()) {
        let rule = format!("a {} has no body: say `Query` or `None`", arguments.method);
        return wrong(arguments.payload.span(), rule);
    }
    Ok(())
}

/// The scope headers of an operation on one workspace, which the server wants to be the same as its path.
fn scope(krate: &TokenStream, fields: &[Field]) -> Option<TokenStream> {
    let tenant = fields.iter().find(|field| field.place == Place::Scope);
    let workspace = fields.iter().find(|field| field.is_workspace());
    if tenant.is_none() && workspace.is_none() {
        return None;
    }
    let tenant = tenant.map(|field| {
        let ident = &field.ident;
        quote_spanned!(field.span()=> scope.tenant = ::core::clone::Clone::clone(&self.#ident);)
    });
    let workspace = workspace.map(|field| {
        let ident = &field.ident;
        quote_spanned! {field.span()=>
            scope.workspace = ::core::option::Option::Some(::core::clone::Clone::clone(&self.#ident));
        }
    });
    Some(quote! {
        fn scope(&self) -> #krate::Scope {
            let mut scope: #krate::Scope = ::core::default::Default::default();
            #tenant
            #workspace
            scope
        }
    })
}

fn endpoint(
    arguments: &OperationArguments,
    krate: &TokenStream,
    name: &Ident,
    parameters: &[String],
    fields: &[Field],
    scope: Option<TokenStream>,
) -> TokenStream {
    let private = quote!(#krate::__private);
    let OperationArguments { method, path, answer, auth, retry, payload, .. } = arguments;
    let text = name.unraw().to_string();
    let named = |parameter: &String| {
        fields.iter().find(|field| field.place == Place::Path && field.name == *parameter)
    };
    let segments = parameters.iter().filter_map(named).map(|field| {
        let (krate, ident, parameter) = (field.placed(krate), field.placed_ident(), &field.name);
        quote_spanned!(field.span()=> (#parameter, #krate::PathSegment::segment(&self.#ident)))
    });
    let status = arguments.status.as_ref().map(
        |status| quote!(const STATUS: ::core::option::Option<u16> = ::core::option::Option::Some(#status);),
    );
    let since = arguments.since.as_ref().map(|since| {
        quote!(const SINCE: ::core::option::Option<&'static str> = ::core::option::Option::Some(#since);)
    });
    let headers = headers(arguments, krate, fields);
    let body = body(arguments, krate, fields);
    let from_request = from_request(arguments, krate, fields);
    quote! {
        #[automatically_derived]
        impl #krate::Endpoint for #name {
            const NAME: &'static str = #text;
            const METHOD: #private::http::Method = #private::http::Method::#method;
            const PATH: &'static str = #path;
            const AUTH: #krate::Auth = #krate::Auth::#auth;
            const RETRY: #krate::Retry = #krate::Retry::#retry;
            const PAYLOAD: #krate::Payload = #krate::Payload::#payload;
            #status
            #since
            type Response = #answer;

            fn path(
                &self,
            ) -> ::core::result::Result<::std::borrow::Cow<'static, str>, #krate::EncodeError> {
                #private::expand(Self::PATH, &[#(#segments),*])
            }

            #body
            #headers
            #scope
            #from_request
        }
    }
}

fn headers(arguments: &OperationArguments, krate: &TokenStream, fields: &[Field]) -> Option<TokenStream> {
    let private = quote!(#krate::__private);
    let fixed = arguments.headers.iter().map(
        |(name, value)| quote!(headers.insert(#name, #private::http::HeaderValue::from_static(#value));),
    );
    let own = fields.iter().filter_map(|field| match &field.place {
        Place::Header(name) => {
            let (private, ident) = (field.placed(&private), field.placed_ident());
            Some(quote_spanned!(field.span()=> #private::HeaderField::write(&self.#ident, #name, headers)?;))
        }
        _ => None,
    });
    let writes: Vec<TokenStream> = fixed.chain(own).collect();
    (!writes.is_empty()).then(|| {
        quote! {
            #[inline]
            fn headers(
                &self,
                headers: &mut #private::http::HeaderMap,
            ) -> ::core::result::Result<(), #krate::EncodeError> {
                #(#writes)*
                ::core::result::Result::Ok(())
            }
        }
    })
}

fn body(arguments: &OperationArguments, krate: &TokenStream, fields: &[Field]) -> Option<TokenStream> {
    let raw = fields.iter().find(|field| field.place == Place::Body);
    let body = match (arguments.payload.to_string().as_str(), raw) {
        ("Multipart", _) => quote!(#krate::Body::Form(#krate::Multipart::to_form(self)?)),
        ("Raw", Some(field)) => {
            let ident = &field.ident;
            let content_type = arguments.content_type.as_ref().map(syn::LitStr::value);
            let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
            quote_spanned! {field.span()=>
                #krate::Body::raw(
                    #krate::__private::http::HeaderValue::from_static(#content_type),
                    ::core::clone::Clone::clone(&self.#ident),
                )
            }
        }
        _ => return None,
    };
    Some(quote! {
        #[inline]
        fn body(&self) -> ::core::result::Result<#krate::Body, #krate::EncodeError> {
            ::core::result::Result::Ok(#body)
        }
    })
}

/// Reads back what travels neither in the path nor in the object.
fn from_request(
    arguments: &OperationArguments,
    krate: &TokenStream,
    fields: &[Field],
) -> Option<TokenStream> {
    let private = quote!(#krate::__private);
    let own: Vec<TokenStream> = fields
        .iter()
        .filter_map(|field| {
            let ident = &field.ident;
            match &field.place {
                Place::Header(name) => {
                    Some(quote!(read.#ident = #private::HeaderField::read(#name, &parts.headers);))
                }
                Place::Scope => Some(quote!(read.#ident = #private::tenant(&parts.headers);)),
                Place::Body => Some(quote!(read.#ident = ::core::convert::From::from(<[u8]>::to_vec(body));)),
                _ => None,
            }
        })
        .collect();
    let multipart = arguments.payload == "Multipart";
    if own.is_empty() && !multipart {
        return None;
    }
    let (read, mutable) = match multipart {
        true => (quote!(#private::from_form(parts, body)?), !own.is_empty()),
        false => (quote!(#private::from_request(parts, body)?), true),
    };
    let mutable = mutable.then(|| quote!(mut));
    Some(quote! {
        #[inline]
        fn from_request(
            parts: &#private::http::request::Parts,
            body: &[u8],
        ) -> ::core::result::Result<Self, #krate::DecodeError> {
            let #mutable read: Self = #read;
            #(#own)*
            ::core::result::Result::Ok(read)
        }
    })
}
