//! [`open_enum!`]: sets of words that servers extend without notice.

/// Declares enums of known words and `Other` for the rest, which keeps the word and writes it back unchanged.
///
/// The first block of words is canonical; `| "alias"` words are read as the same variant and written canonically.
macro_rules! open_enum {
    ($(
        $(#[$docs:meta])*
        pub enum $name:ident {
            $($(#[$variant_docs:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)*
        }
    )*) => {$(
        $(#[$docs])*
        ///
        /// An open set: a word that this version does not know is kept in `Other` and written back unchanged.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_docs])* $variant,)*
            /// A word that this version does not know, as the server sent it.
            Other(Box<str>),
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word $(| $alias)* => Self::$variant,)*
                    other => Self::Other(other.into()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }

        impl $crate::path::PathSegment for $name {
            fn segment(&self) -> std::borrow::Cow<'_, str> {
                std::borrow::Cow::Borrowed(self.as_str())
            }
        }

        #[diagnostic::do_not_recommend]
        impl $crate::tolerant::Tolerant for $name {
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Word;

                impl serde::de::Visitor<'_> for Word {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a word")
                    }

                    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<$name, E> {
                        Ok($name::from(word))
                    }
                }

                deserializer.deserialize_str(Word)
            }
        }
    )*};
}

pub(crate) use open_enum;

#[cfg(test)]
#[allow(unreachable_pub)]
mod tests {
    open_enum! {
        /// Phases of a thing.
        pub enum Phase {
            /// Done.
            Completed = "completed" | "processed",
            /// Not yet.
            Pending = "pending",
        }

        /// Sides of a thing.
        pub enum Side {
            /// Where the sun rises.
            East = "east" | "orient",
        }
    }

    #[test]
    fn known_words_aliases_and_unknown_words() {
        for (word, phase, written) in [
            ("completed", Phase::Completed, "completed"),
            ("processed", Phase::Completed, "completed"),
            ("pending", Phase::Pending, "pending"),
            ("archived_v9", Phase::Other("archived_v9".into()), "archived_v9"),
            ("", Phase::Other("".into()), ""),
        ] {
            let read: Phase = serde_json::from_value(word.into()).unwrap();
            assert_eq!(read, phase);
            assert_eq!(serde_json::to_value(&read).unwrap(), written);
        }
        assert!(serde_json::from_str::<Phase>("5").is_err());
        assert_eq!((Side::from("orient").as_str(), Side::from("pending").as_str()), ("east", "pending"));
    }
}
