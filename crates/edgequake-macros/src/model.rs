//! `#[model]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{DeriveInput, Ident, Path, Result, Token};

use crate::arguments::{AnswerArguments, Common, ModelArguments};
use crate::construct;
use crate::fields::{self, Field, Place};
use crate::read::{self, Shape};
use crate::write;

pub(crate) fn expand(arguments: ModelArguments, mut item: DeriveInput) -> Result<TokenStream> {
    let fields = fields::take(&mut item)?;
    if let Some(field) = fields.iter().find(|field| field.place != Place::Object) {
        return Err(syn::Error::new(
            field.ident.span(),
            "only an operation has fields outside of its object: take `header`, `body` or `scope` away",
        ));
    }
    check_shape(&arguments, &fields)?;
    check_derives(&arguments.common, &item)?;
    let krate = arguments.common.krate();
    let name = item.ident.clone();
    let shape =
        Shape { wrapped: arguments.wrapped.as_ref(), bare: arguments.bare.as_ref(), known: arguments.known };
    let read = match &arguments.from {
        Some(wire) => read::from(&krate, &name, wire),
        None => read::expand(&krate, &name, &fields, &shape),
    };
    let write = write::expand(&krate, &name, &fields);
    let new = construct::new(&arguments.common, &item, &fields)?;
    let default = construct::default(&arguments.common, &name, &fields);
    let setters = if arguments.setters || !arguments.common.also.is_empty() {
        construct::setters(&arguments.common, &item, &fields)
    } else {
        quote!()
    };
    let answer = arguments.answer.as_ref().map(|answer| answer_impl(&krate, &name, answer));
    let agreements = agreements(&krate, &fields);
    let derives = derives(&arguments.common);
    Ok(quote! {
        #derives
        #[non_exhaustive]
        #item
        #read
        #write
        #default
        #new
        #setters
        #answer
        #agreements
    })
}

/// Checks that what `wrapped` and `bare` name is there.
fn check_shape(arguments: &ModelArguments, fields: &[Field]) -> Result<()> {
    if let Some(bare) = &arguments.bare {
        if !fields.iter().any(|field| field.ident == *bare) {
            return Err(construct::no_field(bare, fields));
        }
        if arguments.wrapped.is_some() {
            return Err(syn::Error::new(bare.span(), "`bare` and `wrapped` exclude each other"));
        }
    }
    if let (Some(from), true) = (&arguments.from, arguments.bare.is_some() || arguments.wrapped.is_some()) {
        return Err(syn::Error::new_spanned(
            from,
            "`bare` and `wrapped` belong to the model that it is read as",
        ));
    }
    if let Some(key) = &arguments.wrapped
        && !fields.iter().any(|field| field.name == key.value() && !field.flatten)
    {
        return Err(syn::Error::new(key.span(), "no field has this name on the wire"));
    }
    Ok(())
}

/// The derives of every struct. The trait of a field's own type has to allow them.
pub(crate) fn derives(common: &Common) -> TokenStream {
    let eq = common.eq.then(|| quote!(, ::core::cmp::Eq));
    quote!(#[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq #eq)])
}

/// Checks that nothing is derived twice: the compiler would blame the attribute.
pub(crate) fn check_derives(common: &Common, item: &DeriveInput) -> Result<()> {
    for attribute in item.attrs.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        for path in attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)? {
            let Some(last) = path.segments.last() else { continue };
            let name = last.ident.to_string();
            let derived = match name.as_str() {
                "Debug" | "Clone" | "PartialEq" | "Serialize" | "Deserialize" => true,
                "Eq" => common.eq,
                "Default" => construct::has_default(common),
                _ => false,
            };
            if derived {
                let rule = format!("the attribute derives `{name}` already: remove it here");
                return Err(syn::Error::new_spanned(path, rule));
            }
        }
    }
    Ok(())
}

/// Checks that what looks like an option here is one by its type, and nothing else: setters go by the look.
pub(crate) fn agreements(krate: &TokenStream, fields: &[Field]) -> TokenStream {
    let checks = fields.iter().filter(|field| field.is_read() && !field.flatten).map(|field| {
        let (krate, ty, looks) = (field.placed(krate), &field.ty, field.option_of().is_some());
        let message = if looks {
            format!(
                "the type of the field `{}` is named `Option` but is not `std::option::Option`: rename the type",
                field.ident
            )
        } else {
            format!(
                "the field `{}` is an `Option` under another name: write `Option<...>`, so that its setter takes the value itself",
                field.ident
            )
        };
        quote_spanned! {field.span()=>
            const _: () = ::core::assert!(<#ty as #krate::Tolerant>::IS_OPTION == #looks, #message);
        }
    });
    quote!(#(#checks)*)
}

fn answer_impl(krate: &TokenStream, name: &Ident, answer: &AnswerArguments) -> TokenStream {
    let private = quote!(#krate::__private);
    let read = match &answer.or_wrapped {
        Some(key) => quote!(#private::from_json_or_wrapped(&body, #key)),
        None => quote!(#krate::from_json(&body)),
    };
    let read = if answer.or_empty {
        quote! {
            if #private::says_nothing(&body) { ::core::result::Result::Ok(::core::default::Default::default()) } else { #read }
        }
    } else {
        read
    };
    let status = answer.status.as_ref().map(|status| quote!(#status)).unwrap_or_else(|| quote!(200));
    let (decode, encode) = if answer.head {
        (
            quote! {
                let mut read: Self = #read?;
                #krate::AnswerHead::read(&mut read, head);
                ::core::result::Result::Ok(read)
            },
            quote! {
                let mut answer = #private::json_answer(#status, self)?;
                #krate::AnswerHead::write(self, &mut answer);
                ::core::result::Result::Ok(answer)
            },
        )
    } else {
        (quote!(let _ = head; #read), quote!(#private::json_answer(#status, self)))
    };
    quote! {
        #[automatically_derived]
        impl #krate::Answer for #name {
            const MEDIA_TYPE: &'static str = "application/json";
            type Form = #krate::Whole;
        }

        #[automatically_derived]
        impl #krate::Decode for #name {
            // Compiled where it is called: whoever uses three operations does not pay for the models of all.
            #[inline]
            fn decode(
                head: &#private::http::response::Parts,
                body: #private::Bytes,
            ) -> ::core::result::Result<Self, #krate::DecodeError> {
                #decode
            }

            #[inline]
            fn encode(
                &self,
            ) -> ::core::result::Result<#private::http::Response<#private::Bytes>, #krate::EncodeError> {
                #encode
            }
        }
    }
}
