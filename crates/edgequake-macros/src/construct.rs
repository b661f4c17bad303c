//! `new` and the setters.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{DeriveInput, Ident, Result, Type, Visibility};

use crate::arguments::Common;
use crate::docs;
use crate::fields::{Field, Place, argument_of, is_plain};

/// `new` with the listed fields.
pub(crate) fn new(common: &Common, item: &DeriveInput, fields: &[Field]) -> Result<TokenStream> {
    let Some(listed) = &common.new else { return Ok(quote!()) };
    let (name, vis) = (&item.ident, &item.vis);
    let find = |ident: &Ident| {
        let field = fields.iter().find(|field| field.ident == *ident);
        field.ok_or_else(|| no_field(ident, fields))
    };
    let taken = listed.taken.iter().map(find).collect::<Result<Vec<&Field>>>()?;
    let settings = listed.set.iter().map(|(ident, value)| {
        let ty = &find(ident)?.ty;
        Ok(quote!(let #ident: #ty = #value;))
    });
    let settings = settings.collect::<Result<Vec<TokenStream>>>()?;
    let parameters = taken.iter().map(|field| {
        let (ident, ty) = (unseen(&field.ident), parameter(&field.ty));
        quote!(#ident: #ty)
    });
    // What is set may look at what is taken, which is of the fields' types by then.
    let conversions = taken.iter().map(|field| {
        let (ident, ty, value) = (&field.ident, &field.ty, converted(&field.ty, &unseen(&field.ident)));
        quote!(let #ident: #ty = #value;)
    });
    let is_set = |field: &Field| {
        let ident = &field.ident;
        listed.taken.contains(ident) || listed.set.iter().any(|(set, _)| set == ident)
    };
    // Before anything is named as what is taken: a function for a default may be called so.
    let defaults = fields.iter().filter(|field| !is_set(field)).filter_map(|field| {
        let Some(Some(_)) = &field.default else { return None };
        let (ident, ty, value) = (unseen(&field.ident), &field.ty, unset(field));
        Some(quote!(let #ident: #ty = #value;))
    });
    let values = fields.iter().map(|field| {
        let ident = &field.ident;
        if is_set(field) {
            return quote!(#ident);
        }
        let value = match &field.default {
            Some(Some(_)) => unseen(ident).into_token_stream(),
            _ => unset(field),
        };
        quote!(#ident: #value)
    });
    let docs = docs::of_new(name, &taken, &listed.set);
    let allowed = allowed();
    Ok(quote! {
        #allowed
        impl #name {
            #docs
            #vis fn new(#(#parameters),*) -> Self {
                #(#defaults)*
                #(#conversions)*
                #(#settings)*
                Self { #(#values),* }
            }
        }
    })
}

/// The mistake of naming a field that is not there.
pub(crate) fn no_field(ident: &Ident, fields: &[Field]) -> syn::Error {
    let known =
        fields.iter().map(|field| format!("`{}`", field.ident.unraw())).collect::<Vec<_>>().join(", ");
    let rule = match known.as_str() {
        "" => "there is no field of this name: the struct has none".to_owned(),
        known => format!("there is no field of this name; there are {known}"),
    };
    syn::Error::new(ident.span(), rule)
}

/// A variable of this name that nothing written by the user refers to.
fn unseen(ident: &Ident) -> Ident {
    let mut unseen = ident.clone();
    unseen.set_span(ident.span().resolved_at(Span::mixed_site()));
    unseen
}

/// `Default`, where it is asked for, and where `new` takes nothing: what is read from an empty object.
pub(crate) fn default(common: &Common, name: &Ident, fields: &[Field]) -> Option<TokenStream> {
    if !has_default(common) {
        return None;
    }
    let (idents, values) = (fields.iter().map(|field| &field.ident), fields.iter().map(unset));
    let allowed = allowed();
    Some(quote! {
        #allowed
        impl ::core::default::Default for #name {
            fn default() -> Self {
                Self { #(#idents: #values),* }
            }
        }
    })
}

/// Whether there is a `Default`.
pub(crate) fn has_default(common: &Common) -> bool {
    common.default || common.new.as_ref().is_some_and(|new| new.taken.is_empty() && new.set.is_empty())
}

/// What a field is that nobody sets.
fn unset(field: &Field) -> TokenStream {
    match &field.default {
        Some(Some(function)) => quote!(#function()),
        _ => quote_spanned!(field.span()=> ::core::default::Default::default()),
    }
}

/// What no generated method is blamed for: that it is not called, or that its field is deprecated.
fn allowed() -> TokenStream {
    quote!(#[automatically_derived] #[allow(dead_code, deprecated)])
}

/// The setters of all fields that `new` does not take, on the type itself and on those that have it as a field.
pub(crate) fn setters(common: &Common, item: &DeriveInput, fields: &[Field]) -> TokenStream {
    let (name, vis) = (&item.ident, &item.vis);
    let taken = common.new.as_ref().map(|new| new.taken.as_slice()).unwrap_or_default();
    let set: Vec<&Field> = fields
        .iter()
        .filter(|field| field.place != Place::Path && !field.flatten && !taken.contains(&field.ident))
        .collect();
    if set.is_empty() {
        return quote!();
    }
    let (allowed, krate) = (allowed(), common.krate());
    let own = set.iter().map(|field| setter(&krate, field, vis, &quote!(self)));
    let through = common.also.iter().map(|(path, inner)| {
        let setters = set.iter().map(|field| setter(&krate, field, vis, &quote!(self.#inner)));
        quote! {
            #allowed
            impl #path { #(#setters)* }
        }
    });
    quote! {
        #allowed
        impl #name { #(#own)* }
        #(#through)*
    }
}

fn setter(krate: &TokenStream, field: &Field, vis: &Visibility, target: &TokenStream) -> TokenStream {
    let (ident, docs) = (&field.ident, &field.docs);
    if let Some(inner) = argument_of(&field.ty, "Patch") {
        let (parameter, value) = (parameter(inner), converted(inner, ident));
        let clear = format_ident!("clear_{}", ident);
        return quote! {
            #(#docs)*
            #[must_use]
            #vis fn #ident(mut self, #ident: #parameter) -> Self {
                #target.#ident = #krate::Patch::Set(#value);
                self
            }

            #(#docs)*
            ///
            /// This clears it: `null` is sent.
            #[must_use]
            #vis fn #clear(mut self) -> Self {
                #target.#ident = #krate::Patch::Clear;
                self
            }
        };
    }
    let inner = field.option_of();
    let ty = inner.unwrap_or(&field.ty);
    let (parameter, value) = (parameter(ty), converted(ty, ident));
    let value = if inner.is_some() { quote!(::core::option::Option::Some(#value)) } else { value };
    quote! {
        #(#docs)*
        #[must_use]
        #vis fn #ident(mut self, #ident: #parameter) -> Self {
            #target.#ident = #value;
            self
        }
    }
}

/// The type by which a value is taken.
fn parameter(ty: &Type) -> TokenStream {
    if is_plain(ty) {
        return quote!(#ty);
    }
    match argument_of(ty, "Vec") {
        Some(element) if is_plain(element) => quote!(impl ::core::iter::IntoIterator<Item = #element>),
        Some(element) => {
            quote!(impl ::core::iter::IntoIterator<Item = impl ::core::convert::Into<#element>>)
        }
        None => quote!(impl ::core::convert::Into<#ty>),
    }
}

/// A parameter as the type of the field.
fn converted(ty: &Type, ident: &Ident) -> TokenStream {
    if is_plain(ty) {
        return quote!(#ident);
    }
    let elements = quote!(::core::iter::IntoIterator::into_iter(#ident));
    match argument_of(ty, "Vec") {
        Some(element) if is_plain(element) => quote!(::core::iter::Iterator::collect(#elements)),
        Some(_) => quote! {
            ::core::iter::Iterator::collect(::core::iter::Iterator::map(#elements, ::core::convert::Into::into))
        },
        None => quote!(::core::convert::Into::into(#ident)),
    }
}
