//! The `Deserialize` of a model: one loop over the keys, in which each field's type reads itself.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, LitStr, Path};

use crate::fields::{Field, argument_of};

/// How the object comes.
pub(crate) struct Shape<'a> {
    /// Read as the object under this name, or without that level.
    pub(crate) wrapped: Option<&'a LitStr>,
    /// Read as the bare list of this field as well.
    pub(crate) bare: Option<&'a Ident>,
    /// An object that has other fields and none of these is an error.
    pub(crate) known: bool,
}

pub(crate) fn expand(krate: &TokenStream, name: &Ident, fields: &[Field], shape: &Shape<'_>) -> TokenStream {
    let private = quote!(#krate::__private);
    let serde = quote!(#private::serde);
    let read: Vec<&Field> = fields.iter().filter(|field| field.is_read() && !field.flatten).collect();
    let rest = fields.iter().find(|field| field.flatten);

    let names = read.iter().map(|field| &field.name);
    let aliases = read
        .iter()
        .enumerate()
        .flat_map(|(index, field)| field.aliases.iter().map(move |alias| quote!(#alias => #index)));
    let indices = 0..read.len();
    let slots: Vec<Ident> = (read.iter().enumerate())
        .map(|(index, field)| format_ident!("__slot{index}", span = field.span()))
        .collect();
    let types = read.iter().map(|field| &field.ty);
    let arms = read.iter().zip(&slots).enumerate().map(|(index, (field, slot))| {
        let read = read_into(slot, &private, field);
        quote!(#index => #read,)
    });
    let values = read.iter().zip(&slots).map(|(field, slot)| {
        let (ident, name) = (&field.ident, &field.name);
        let value = match &field.default {
            Some(Some(function)) => quote!(#slot.unwrap_or_else(#function)),
            None if field.required => quote!(#private::required(#slot, #name)?),
            None if !field.omit_default => {
                let private = field.placed(&private);
                quote_spanned!(field.span()=> #private::present(#slot, #name)?)
            }
            _ => quote_spanned!(field.span()=> #slot.unwrap_or_default()),
        };
        quote!(#ident: #value,)
    });
    let elsewhere = fields.iter().filter(|field| !field.is_read()).map(|field| {
        let ident = &field.ident;
        quote_spanned!(field.span()=> #ident: ::core::default::Default::default(),)
    });
    let expecting = format!("struct {}", name.unraw());
    let (rest_slot, unknown, rest_value) = match rest {
        Some(field) => {
            let (ident, placed) = (&field.ident, field.placed(&private));
            (
                quote!(let mut __rest = #private::Map::new();),
                quote!(#private::keep(&mut __map, &mut __keys, &mut __rest)?),
                quote_spanned!(field.span()=> #ident: #placed::Entries::of_rest(__rest)?,),
            )
        }
        None => (quote!(), quote!(#private::skip(&mut __map)?), quote!()),
    };
    let keep = rest.is_some();
    let known = read.first().filter(|_| shape.known).map(|field| {
        let name = &field.name;
        let begin = quote!(let (mut __known, mut __other) = (false, false););
        let see = quote!(if __key == #private::UNKNOWN { __other = true } else { __known = true });
        let missing = quote!(#private::required(::core::option::Option::None, #name));
        (begin, see, quote!(if __other && !__known { return #missing; }))
    });
    let (begin, see, check) = known.unwrap_or_default();
    let bare = shape.bare.and_then(|bare| fields.iter().find(|field| field.ident == *bare)).map(|field| {
        let (list, serde, private) = (&field.ty, field.placed(&serde), field.placed(&private));
        quote_spanned! {field.span()=>
            fn visit_seq<__A: #serde::de::SeqAccess<'__de>>(
                self,
                __list: __A,
            ) -> ::core::result::Result<#name, __A::Error> {
                #private::list::<#list, __A>(__list).map(::core::convert::From::from)
            }
        }
    });
    let deserialize = match (shape.wrapped, shape.bare) {
        (Some(key), _) => quote!(#private::wrapped(__deserializer, #key, __Fields)),
        (None, Some(_)) => quote!(__deserializer.deserialize_any(__Fields)),
        (None, None) => quote!(__deserializer.deserialize_map(__Fields)),
    };

    let copy = shape.wrapped.map(|_| quote!(#[derive(::core::clone::Clone, ::core::marker::Copy)]));

    // The names are such that no type of a field and no function for one is called alike.
    let tolerant = tolerant(krate, name);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl<'__de> #serde::Deserialize<'__de> for #name {
            fn deserialize<__D: #serde::Deserializer<'__de>>(
                __deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                #copy
                struct __Fields;

                impl<'__de> #serde::de::Visitor<'__de> for __Fields {
                    type Value = #name;

                    fn expecting(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        __f.write_str(#expecting)
                    }

                    fn visit_map<__A: #serde::de::MapAccess<'__de>>(
                        self,
                        mut __map: __A,
                    ) -> ::core::result::Result<#name, __A::Error> {
                        // Compiled where a model is read, and into a jump by length there.
                        #[inline]
                        fn __find(__name: &::core::primitive::str) -> ::core::primitive::usize {
                            match __name {
                                #(#names => #indices,)*
                                #(#aliases,)*
                                _ => #private::UNKNOWN,
                            }
                        }
                        let mut __keys = #private::Keys::new(__find, #keep);
                        #(let mut #slots = ::core::option::Option::None::<#types>;)*
                        #rest_slot
                        #begin
                        while let ::core::option::Option::Some(__key) = __keys.next(&mut __map)? {
                            #see
                            match __key {
                                #(#arms)*
                                _ => #unknown,
                            }
                        }
                        #check
                        ::core::result::Result::Ok(#name { #(#values)* #(#elsewhere)* #rest_value })
                    }

                    #bare
                }

                #deserialize
            }
        }

        #tolerant
    }
}

/// Reads another model, and makes this one of it.
pub(crate) fn from(krate: &TokenStream, name: &Ident, wire: &Path) -> TokenStream {
    let serde = quote!(#krate::__private::serde);
    let tolerant = tolerant(krate, name);
    quote! {
        #[automatically_derived]
        impl<'__de> #serde::Deserialize<'__de> for #name {
            fn deserialize<__D: #serde::Deserializer<'__de>>(
                __deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                <#wire as #serde::Deserialize>::deserialize(__deserializer).map(::core::convert::Into::into)
            }
        }

        #tolerant
    }
}

/// A model may be the type of a field.
fn tolerant(krate: &TokenStream, name: &Ident) -> TokenStream {
    let serde = quote!(#krate::__private::serde);
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #krate::Tolerant for #name {
            fn read<'__de, __D: #serde::Deserializer<'__de>>(
                __deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                #serde::Deserialize::deserialize(__deserializer)
            }
        }
    }
}

/// Reads a value into its slot.
fn read_into(slot: &Ident, private: &TokenStream, field: &Field) -> TokenStream {
    let (ty, private) = (&field.ty, field.placed(private));
    if let Some(function) = &field.read {
        let serde = quote!(#private::serde);
        return quote_spanned! {field.span()=> {
            struct __Own;

            impl<'__de> #serde::de::DeserializeSeed<'__de> for __Own {
                type Value = #ty;

                fn deserialize<__D: #serde::Deserializer<'__de>>(
                    self,
                    __deserializer: __D,
                ) -> ::core::result::Result<#ty, __D::Error> {
                    #function(__deserializer)
                }
            }

            #private::read_by(&mut __map, &mut #slot, __Own)?
        }};
    }
    // `null` is a value of a `Patch`, whatever else the field may be called.
    let null_is_absent =
        field.default.is_some() || field.omit_default || field.required || !field.aliases.is_empty();
    let function = if field.lenient {
        quote!(read_lenient)
    } else if null_is_absent && argument_of(ty, "Patch").is_none() {
        quote!(read_or_null)
    } else {
        quote!(read)
    };
    quote_spanned!(field.span()=> #private::#function(&mut __map, &mut #slot)?)
}
