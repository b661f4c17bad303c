//! [`Patch`]: a change of a field that may also be taken away.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::tolerant::Tolerant;

/// What becomes of a field: three states on the wire, where absent and `null` differ.
///
/// ```
/// use edgequake_types::{Patch, model};
///
/// #[model(setters, new())]
/// struct Change {
///     /// The folder.
///     folder_id: Patch<String>,
/// }
///
/// let written = |change: Change| serde_json::to_string(&change).unwrap();
/// assert_eq!(written(Change::new()), "{}");
/// assert_eq!(written(Change::new().folder_id("f-1")), r#"{"folder_id":"f-1"}"#);
/// assert_eq!(written(Change::new().clear_folder_id()), r#"{"folder_id":null}"#);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Patch<T> {
    /// It stays as it is: the field is absent.
    #[default]
    Keep,
    /// It is taken away: the field is `null`.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// The new value, if there is one.
    pub fn set(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// Whether nothing changes.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// What the field is after the change, which was `now` before.
    pub fn apply(self, now: Option<T>) -> Option<T> {
        match self {
            Self::Keep => now,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

/// `None` takes the field away.
impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

/// `Keep` is left out by the model that holds it; alone it is `null`.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}

struct PatchVisitor<T>(PhantomData<T>);

impl<'de, T: Tolerant> Visitor<'de> for PatchVisitor<T> {
    type Value = Patch<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Patch::Clear)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Patch::Clear)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::read(deserializer).map(Patch::Set)
    }
}

impl<T: Tolerant> Tolerant for Patch<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(PatchVisitor(PhantomData))
    }

    fn absent() -> Option<Self> {
        Some(Self::Keep)
    }

    fn omit(&self) -> bool {
        self.is_keep()
    }
}

#[cfg(test)]
mod tests {
    use super::Patch;
    use crate::model;

    #[model]
    struct Change {
        folder: Patch<u64>,
    }

    #[test]
    fn three_states_on_the_wire() {
        for (json, folder) in
            [("{}", Patch::Keep), (r#"{"folder":null}"#, Patch::Clear), (r#"{"folder":7}"#, Patch::Set(7))]
        {
            let change: Change = serde_json::from_str(json).unwrap();
            assert_eq!(change.folder, folder, "{json}");
            assert_eq!(serde_json::to_string(&change).unwrap(), json);
        }
        assert!(serde_json::from_str::<Change>(r#"{"folder":"x"}"#).is_err());
    }

    #[test]
    fn a_change_is_applied() {
        assert_eq!(Patch::Keep.apply(Some(1)), Some(1));
        assert_eq!(Patch::Clear.apply(Some(1)), None);
        assert_eq!(Patch::from(2).apply(Some(1)), Some(2));
        assert_eq!(Patch::from(None).apply(Some(1)), None);
    }
}
