//! What of a JSON text a model lost, by reading it and writing it again.
//!
//! Not lost is what is only spelled otherwise: numbers (`1.0` or `"1"` for `1`), flags as text, instants (`Z` for `+00:00`); `null`
//! against absent, in both directions; a field that is written under another of its names or at another level, and what the model
//! adds. Whether a field that is missing was read at all is found out by asking: without it, does the model write something else? A
//! field that says what an absent one does (`false`, 0, an empty text, list or object) may be left out by a model that knows it, so
//! it is asked for with other values.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

use super::values::{is_same, is_single, is_word, others, what};

/// Reads a text as the model and writes it again; `None` where the model refuses it.
pub(super) type Replay<'a> = &'a dyn Fn(&Value) -> Option<Value>;

/// Something that did not come through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loss {
    path: Vec<Step>,
    pub(super) why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It is not there any more. With what kind of value it was.
    Lost(String),
    /// Another value is there. With what became of what.
    Changed(String),
    /// A word of a set is written by another of its names. No loss.
    Renamed(String),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    Index(usize),
    /// Any element, in a line that speaks of several.
    Each,
}

/// How often a field of a list is asked for before the answers so far count for all: each costs a reading of the whole text.
const ASKED: usize = 50;

/// What became of `given`, which the model has read and written as `written`.
pub(super) fn losses(given: &Value, written: &Value, replay: Replay<'_>) -> Vec<Loss> {
    let mut walk =
        Walk { given, written, replay, path: Vec::new(), losses: Vec::new(), asked: BTreeMap::new() };
    walk.compare(given, Some(written));
    walk.losses
}

struct Walk<'a> {
    given: &'a Value,
    written: &'a Value,
    replay: Replay<'a>,
    path: Vec<Step>,
    losses: Vec<Loss>,
    /// How often a place was asked for, and found lost, whatever the index.
    asked: BTreeMap<Vec<Step>, (usize, usize)>,
}

impl<'a> Walk<'a> {
    fn compare(&mut self, given: &'a Value, written: Option<&Value>) {
        match (given, written) {
            (Value::Null, _) => {}
            (Value::Object(given), Some(Value::Object(written))) => {
                self.each_field(given, |walk, name, value| walk.compare(value, written.get(name)));
            }
            (Value::Array(given), Some(Value::Array(written))) if given.len() == written.len() => {
                let mut written = written.iter();
                self.each_element(given, |walk, value| walk.compare(value, written.next()));
            }
            (_, Some(written)) if is_single(given) && is_single(written) && !written.is_null() => {
                if !is_same(given, written) {
                    self.lose(change(given, written));
                }
            }
            _ => self.missing(given),
        }
    }

    /// What has no counterpart at its place.
    fn missing(&mut self, given: &'a Value) {
        if given.is_null() {
            return;
        }
        let pattern = pattern(&self.path);
        let (asked, lost) = self.asked.get(&pattern).copied().unwrap_or_default();
        let was_lost = match lost {
            0 if asked >= ASKED => false,
            _ if asked >= ASKED && asked == lost => true,
            _ => self.is_lost(given),
        };
        self.asked.insert(pattern, (asked + 1, lost + usize::from(was_lost)));
        if was_lost {
            // Numbers of a list's elements differ; the kind is the same.
            let kind = if given.is_number() { "a number".to_owned() } else { what(given) };
            return self.lose(Why::Lost(kind));
        }
        match given {
            Value::Object(fields) => self.each_field(fields, |walk, _, value| walk.missing(value)),
            Value::Array(elements) => self.each_element(elements, |walk, value| walk.missing(value)),
            _ => {}
        }
    }

    /// Whether the model writes the same without what is at this place.
    fn is_lost(&self, given: &Value) -> bool {
        if self.path.is_empty() {
            // Nothing is left without the whole; what is in it can still be asked for.
            return is_single(given);
        }
        let replayed = |text: Option<Value>| text.and_then(|text| (self.replay)(&text));
        let without = replayed(with(self.given, &self.path, None));
        if without.as_ref() != Some(self.written) {
            return false;
        }
        // Another name of the same field may have been read in its place.
        for twin in self.twins(given) {
            let alone = with(self.given, &twin, None);
            let neither = alone.as_ref().and_then(|text| with(text, &self.path, None));
            if replayed(neither) != replayed(alone) {
                return false;
            }
        }
        let others = others(given);
        !others.into_iter().any(|other| replayed(with(self.given, &self.path, Some(other))) != without)
    }

    /// The places beside this one where the same is.
    fn twins(&self, given: &Value) -> Vec<Vec<Step>> {
        let Some((Step::Key(own), above)) = self.path.split_last() else { return Vec::new() };
        let Some(Value::Object(fields)) = at(self.given, above) else { return Vec::new() };
        let same = fields.iter().filter(|(name, value)| *name != own && is_same(value, given));
        same.map(|(name, _)| above.iter().cloned().chain([Step::Key(name.clone())]).collect()).collect()
    }

    fn each_field(&mut self, fields: &'a Map<String, Value>, mut f: impl FnMut(&mut Self, &str, &'a Value)) {
        for (name, value) in fields {
            self.path.push(Step::Key(name.clone()));
            f(self, name, value);
            self.path.pop();
        }
    }

    fn each_element(&mut self, elements: &'a [Value], mut f: impl FnMut(&mut Self, &'a Value)) {
        for (index, value) in elements.iter().enumerate() {
            self.path.push(Step::Index(index));
            f(self, value);
            self.path.pop();
        }
    }

    fn lose(&mut self, why: Why) {
        self.losses.push(Loss { path: self.path.clone(), why });
    }
}

fn at<'a>(value: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(name) => value.get(name),
        Step::Index(index) => value.get(index),
        Step::Each => None,
    })
}

/// The same text with another value at a place, or with none.
fn with(value: &Value, path: &[Step], other: Option<Value>) -> Option<Value> {
    let mut changed = value.clone();
    let (last, above) = path.split_last()?;
    let place = above.iter().try_fold(&mut changed, |value, step| match step {
        Step::Key(name) => value.get_mut(name),
        Step::Index(index) => value.get_mut(index),
        Step::Each => None,
    })?;
    match (place, last, other) {
        (Value::Object(fields), Step::Key(name), None) => drop(fields.remove(name)),
        (Value::Object(fields), Step::Key(name), Some(other)) => drop(fields.insert(name.clone(), other)),
        (Value::Array(elements), Step::Index(index), None) if *index < elements.len() => {
            drop(elements.remove(*index));
        }
        (Value::Array(elements), Step::Index(index), Some(other)) => *elements.get_mut(*index)? = other,
        _ => return None,
    }
    Some(changed)
}

fn change(given: &Value, written: &Value) -> Why {
    match (given, written) {
        (Value::String(given), Value::String(written)) if is_word(given) && is_word(written) => {
            Why::Renamed(format!("`{given}` is written as `{written}`"))
        }
        (Value::String(given), Value::String(written)) if given.trim() == written => {
            Why::Changed("blanks at its ends are gone".to_owned())
        }
        _ => Why::Changed(format!("{} became {}", what(given), what(written))),
    }
}

fn pattern(path: &[Step]) -> Vec<Step> {
    path.iter().map(|step| if matches!(step, Step::Index(_)) { Step::Each } else { step.clone() }).collect()
}

/// A line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    /// Whether something is lost, and not only named otherwise.
    pub(super) is_loss: bool,
}

/// How many places of one field are named.
const NAMED: usize = 4;

/// Lines for a report: one a place, those of a list's elements together.
pub(super) fn told(losses: &[Loss]) -> Vec<Line> {
    let mut groups: Vec<(Vec<Step>, &Why, Vec<String>)> = Vec::new();
    for loss in losses {
        let (pattern, place) = (pattern(&loss.path), Place(&loss.path).to_string());
        match groups.iter_mut().find(|(known, why, _)| *known == pattern && **why == loss.why) {
            Some((_, _, places)) => places.push(place),
            None => groups.push((pattern, &loss.why, vec![place])),
        }
    }
    let line = |(pattern, why, places): (Vec<Step>, &Why, Vec<String>)| {
        let text = match places.as_slice() {
            [place] => format!("{place}: {why}"),
            places => {
                let named = places.get(..NAMED).unwrap_or(places).join(", ");
                let more = places.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("{}: {why}, at {named}{more}", Place(&pattern))
            }
        };
        Line { text, is_loss: !matches!(why, Why::Renamed(_)) }
    };
    groups.into_iter().map(line).collect()
}

/// A path such as `documents[3].metadata["a.b"]`; `.` is the whole.
struct Place<'a>(&'a [Step]);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_char('.');
        }
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name)
                    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') =>
                {
                    if index > 0 {
                        f.write_char('.')?;
                    }
                    f.write_str(name)?;
                }
                Step::Key(name) => write!(f, "[{}]", Value::from(name.as_str()))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Each => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(what) => write!(f, "lost ({what})"),
            Self::Changed(change) | Self::Renamed(change) => f.write_str(change),
        }
    }
}

#[cfg(test)]
mod tests {
    use edgequake_types::{Decode, from_json, model};
    use serde_json::json;

    use super::*;

    /// A model of everything that may look like a loss.
    #[model(answer(or_wrapped = "data"))]
    struct Thing {
        #[field(alias = "key")]
        id: String,
        count: u64,
        share: Option<f64>,
        flag: bool,
        #[field(omit_default)]
        errors: Vec<String>,
        number: Option<u64>,
        #[field(omit_default)]
        is_old: bool,
        parts: Vec<Part>,
        at: Option<edgequake_types::Timestamp>,
        status: Option<edgequake_types::documents::DocumentStatus>,
    }

    #[model]
    struct Part {
        name: String,
    }

    fn lost(given: Value) -> Vec<String> {
        let replay = |text: &Value| {
            let thing = Thing::from_body(text.to_string()).ok()?;
            from_json(thing.encode().ok()?.body()).ok()
        };
        let written = replay(&given).unwrap_or_else(|| panic!("refused: {given}"));
        told(&losses(&given, &written, &replay)).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn what_is_only_spelled_otherwise_is_not_lost() {
        for given in [
            json!({"id": "x", "count": 5.0, "share": "0.5", "flag": "true", "number": "7"}),
            json!({"id": "x", "count": null, "parts": null, "share": null, "unknown": null}),
            json!({"key": "x"}),
            json!({"id": "x", "key": "x"}),
            json!({"id": "x", "errors": [], "is_old": false, "number": ""}),
            json!({"data": {"id": "x", "parts": [{"name": "p"}], "errors": ["e"]}}),
            json!({"id": "x", "at": "2031-02-03T10:11:12.500Z"}),
        ] {
            assert_eq!(lost(given.clone()), Vec::<String>::new(), "{given}");
        }
    }

    #[test]
    fn what_is_lost_is_told_with_its_place() {
        let lost = lost(json!({
            "id": "x", "count": 1, "no": "s3cr3t", "none": [], "off": false, "a.b": {"c": 1}, "status": "processed",
            "parts": [{"name": "p", "size": 1}, {"name": "q"}, {"name": "r", "size": 2, "deep": [{"x": 1}]}],
        }));
        insta::assert_snapshot!(lost.join("\n"), @r#"
        ["a.b"]: lost (an object)
        no: lost (a text)
        none: lost (an empty list)
        off: lost (false)
        parts[*].size: lost (a number), at parts[0].size, parts[2].size
        parts[2].deep: lost (a list)
        status: `processed` is written as `completed`
        "#);
    }

    #[test]
    fn what_is_lost_within_what_moved_is_told_with_its_place() {
        let lost =
            lost(json!({"data": {"id": "x", "parts": [{"name": "p", "size": 1}], "other": true}, "more": 1}));
        insta::assert_snapshot!(lost.join("\n"), @r"
        data.other: lost (true)
        data.parts[0].size: lost (a number)
        more: lost (a number)
        ");
    }
}
