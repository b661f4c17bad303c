//! [`Tolerant`]: how the type of a field reads itself, what it is where it is absent, and when it is left out.
//!
//! Servers, and the gateways before them, send `null` for a default, whole numbers as `5.0` or `"5"`, flags as text. All of
//! that is read here, and nowhere else. A value that cannot be meant (`15.5` or `-1` for a count) is an error, never a rounded
//! or wrapped number.

mod first;
mod lists;
mod numbers;
mod shapes;

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::Value;

use crate::secret::Secret;
use crate::timestamp::Timestamp;

pub(crate) use first::{First, first_fields, keep_first};
pub(crate) use lists::list;
pub(crate) use shapes::nested;
pub use shapes::wrapped as wrapped_fields;

pub(crate) use numbers::optional_seconds;

/// A type that may be the type of a field.
///
/// | type | absent or `null` | written |
/// |---|---|---|
/// | `Option<T>` | `None` | unless it is `None` |
/// | [`Patch<T>`](crate::Patch) | absent is `Keep`, `null` is `Clear` | unless it is `Keep` |
/// | `u8`, `u16`, `u32`, `u64`, `usize`, `i32`, `i64`, `f32`, `f64`, `bool` | 0, `false` | always |
/// | `Vec<T>`, maps | empty | always |
/// | everything else | an error | always |
///
/// Numbers and flags are read from text as well (`"5"`, `5.0`, `"true"`). An optional number or identifier that comes as an empty
/// text is `None`. An exception is said at its field, with `#[field(...)]`: see [`model`](macro@crate::model).
///
/// Keys that are no field are passed over, and the order of keys does not matter. Of a key that comes twice, and of a field's
/// several names, the first value that is not `null` counts. (`null` is a value of a `Patch`, a `serde_json::Value` and a `Json`.)
///
/// For a type of your own that serde can read:
///
/// ```
/// use edgequake_types::{Tolerant, model};
/// use serde::{Deserialize, Deserializer, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// struct Color(u32);
///
/// impl Tolerant for Color {
///     fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
///         Self::deserialize(deserializer)
///     }
/// }
///
/// #[model(answer)]
/// struct Paint {
///     /// What it looks like.
///     color: Color,
///     /// What it was before.
///     previous: Option<Color>,
/// }
///
/// let paint: Paint = serde_json::from_str(r#"{"color":7,"previous":null}"#)?;
/// assert_eq!((paint.color, paint.previous), (Color(7), None));
/// # Ok::<(), serde_json::Error>(())
/// ```
// What the API's own types implement is no hint for a type of a user's: their implementations have
// `#[diagnostic::do_not_recommend]`, as those that `#[model]` writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a field: it does not implement `Tolerant`",
    label = "does not implement `Tolerant`",
    note = "implement `edgequake_types::Tolerant` for it, declare it with `#[model]`, or wrap it: `Json<{Self}>`"
)]
pub trait Tolerant: Sized {
    /// Whether this is an `Option`. Setters take the value in it.
    const IS_OPTION: bool = false;

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// Those of the deserializer; a value that this type cannot be.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Reads the value of a field; `None` where it says no more than an absent one does: `null`, for a type that may be absent.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::read(deserializer).map(Some)
    }

    /// Reads a value that may be `null`: the field is an `Option` of this type.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_option(Present(PhantomData))
    }

    /// What a field of this type is where it is absent; `None` where that is an error.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether this value is left out.
    fn omit(&self) -> bool {
        false
    }
}

/// Reads what is present by its type.
struct Present<T>(PhantomData<T>);

impl<'de, T: Tolerant> Visitor<'de> for Present<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::read(deserializer).map(Some)
    }
}

impl<T: Tolerant> Tolerant for Option<T> {
    const IS_OPTION: bool = true;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read_optional(deserializer)
    }

    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        T::read_optional(deserializer).map(|value| value.map(Some))
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn omit(&self) -> bool {
        self.is_none()
    }
}

impl<T: Tolerant> Tolerant for Box<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self::new)
    }

    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        T::read_field(deserializer).map(|value| value.map(Self::new))
    }

    fn absent() -> Option<Self> {
        T::absent().map(Self::new)
    }

    fn omit(&self) -> bool {
        T::omit(self)
    }
}

/// Reads as serde does. What is absent is an error.
macro_rules! as_serde_does {
    ($($name:ty),*) => {$(
        impl Tolerant for $name {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }
        }
    )*};
}

as_serde_does!(String, Timestamp, Value);

/// An empty secret that may be absent is none.
impl Tolerant for Secret {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(Option::<Self>::deserialize(deserializer)?.filter(|secret| !secret.is_empty()))
    }
}

#[cfg(test)]
mod tests;
