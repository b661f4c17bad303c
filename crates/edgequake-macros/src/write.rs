//! The `Serialize` of a model: its fields in order, those that say nothing left out.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;

use crate::fields::Field;

pub(crate) fn expand(krate: &TokenStream, name: &Ident, fields: &[Field]) -> TokenStream {
    let private = quote!(#krate::__private);
    let serde = quote!(#private::serde);
    let entries = fields.iter().filter(|field| field.is_written()).map(|field| entry(krate, field));
    // A struct without fields on the wire does not use the map.
    let entries: Vec<TokenStream> = entries.collect();
    let map = if entries.is_empty() { quote!(_) } else { quote!(__map) };

    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #private::Entries for #name {
            fn write<__M: #serde::ser::SerializeMap>(&self, #map: &mut __M) -> ::core::result::Result<(), __M::Error> {
                #(#entries)*
                ::core::result::Result::Ok(())
            }

            fn of_rest<__E: #serde::de::Error>(rest: #private::Map) -> ::core::result::Result<Self, __E> {
                #private::nested(rest)
            }
        }

        #[automatically_derived]
        impl #serde::Serialize for #name {
            fn serialize<__S: #serde::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                let mut map = #serde::Serializer::serialize_map(serializer, ::core::option::Option::None)?;
                #private::Entries::write(self, &mut map)?;
                #serde::ser::SerializeMap::end(map)
            }
        }
    }
}

fn entry(krate: &TokenStream, field: &Field) -> TokenStream {
    let krate = field.placed(krate);
    let at = field.span();
    let private = quote_spanned!(at=> #krate::__private);
    let (ident, name) = (field.placed_ident(), &field.name);
    if field.flatten {
        return quote_spanned!(at=> #private::Entries::write(&self.#ident, __map)?;);
    }
    let value = if let Some(function) = &field.write {
        quote_spanned!(at=> &#function(&self.#ident))
    } else if field.expose {
        quote_spanned!(at=> &#private::Exposed(&self.#ident))
    } else {
        quote_spanned!(at=> &self.#ident)
    };
    let write =
        quote_spanned!(at=> #private::serde::ser::SerializeMap::serialize_entry(__map, #name, #value)?;);
    if field.always {
        write
    } else if field.omit_default {
        match &field.default {
            Some(Some(function)) => quote_spanned!(at=> if self.#ident != #function() { #write }),
            _ => quote_spanned!(at=> if !#private::is_default(&self.#ident) { #write }),
        }
    } else {
        quote_spanned!(at=> if !#krate::Tolerant::omit(&self.#ident) { #write })
    }
}
