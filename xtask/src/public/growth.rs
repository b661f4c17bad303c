//! Which public items could not grow without breaking their users: enums, structs that anybody can build, and variants with fields,
//! if they are not `#[non_exhaustive]`.
//!
//! A variant with a single unnamed field may stay unmarked: it grows in the type of that field.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Document, Item};
use super::exposed::Names;

/// Where the list is.
const FILE: &str = "xtask/src/public/growth.rs";

/// What is complete and may stay unmarked.
const COMPLETE: &[&str] = &[
    // It sends nothing, so there is nothing to set.
    "edgequake_auth::Anonymous",
    // A number that only its store understands.
    "edgequake_auth::store::Revision",
    // What was expected was there or not: there is no third.
    "edgequake_auth::store::Swap",
    // Extensions of a response: one fact each, found by its type. Another fact is another type.
    "edgequake_client::layers::retry::Attempts",
    "edgequake_client::layers::unauthorized::Replayed",
    // Markers without a value.
    "edgequake_types::Download",
    "edgequake_types::Streamed",
    "edgequake_types::Whole",
    // The value alone is what is written and read.
    "edgequake_types::Json",
    // Absent, null or a value: there is no fourth.
    "edgequake_types::Patch",
    // The server reads these fields and no others.
    "edgequake_types::progress::ProgressCommand::Cancel",
    "edgequake_types::progress::ProgressCommand::Subscribe",
    "edgequake_types::progress::ProgressCommand::Unsubscribe",
];

/// One line for each item of a crate that has to be marked, and for each that is listed as complete and need not be.
pub(super) fn check(document: &Document, names: &Names) -> Vec<String> {
    let root = names.get(&document.root).map(String::as_str);
    let complete: Vec<_> = COMPLETE.iter().copied().filter(|path| path.split("::").next() == root).collect();
    compare(&fixed(document, names), &complete)
}

/// The items that cannot grow, with what they are.
pub(super) fn fixed(document: &Document, names: &Names) -> BTreeMap<String, &'static str> {
    let items = names.iter().filter_map(|(id, name)| Some((name, document.item(*id)?)));
    items.filter_map(|(name, item)| Some((name.clone(), kind_if_fixed(item)?))).collect()
}

pub(super) fn compare(fixed: &BTreeMap<String, &'static str>, complete: &[&str]) -> Vec<String> {
    let unlisted = fixed.iter().filter(|(name, _)| !complete.contains(&name.as_str()));
    let mut lines: Vec<_> = unlisted
        .map(|(name, kind)| {
            format!(
                "{name} is {kind}, and not #[non_exhaustive]: mark it, or list it in {FILE} with why it is complete"
            )
        })
        .collect();
    let needless = complete.iter().filter(|name| !fixed.contains_key(**name));
    lines.extend(needless.map(|name| format!("{name} is marked, or gone: take it out of {FILE}")));
    lines
}

/// What an item is, if it cannot grow.
fn kind_if_fixed(item: &Item) -> Option<&'static str> {
    let (kind, inner) = item.inner();
    let is = match kind {
        "enum" => "an enum",
        "variant" if !inner["kind"]["struct"].is_null() => "a variant with named fields",
        "variant" if inner["kind"]["tuple"].as_array().is_some_and(|fields| fields.len() > 1) => {
            "a variant with several fields"
        }
        "struct" if inner["kind"] == "unit" => "a struct without fields",
        "struct" if has_public_fields_only(&inner["kind"]) => "a struct with public fields only",
        _ => return None,
    };
    (!item.is_non_exhaustive()).then_some(is)
}

fn has_public_fields_only(kind: &Value) -> bool {
    match kind["tuple"].as_array() {
        Some(fields) => !fields.contains(&Value::Null),
        None => kind["plain"]["has_stripped_fields"] == false,
    }
}
