//! The content of a token file in the former format: JSON with a name and a version, so that nothing else is taken for one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use edgequake_types::{Secret, secret};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::store::{Record, StoredTokens};

const FORMAT: &str = "edgequake-logins";
const VERSION: u32 = 1;

/// Why a text is no token file. Holds no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormatError {
    #[error("is damaged (line {line}, column {column})")]
    Damaged { line: usize, column: usize },
    #[error("is not a token file")]
    Foreign,
    #[error("was written by a newer version of this program (format {0})")]
    Newer(u32),
}

/// All logins, the last saved one at the end.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Logins(Vec<Entry>);

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Entry {
    origin: String,
    user: String,
    #[serde(serialize_with = "secret::expose")]
    access_token: Secret,
    #[serde(default, serialize_with = "secret::expose_option", skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Secret>,
    /// Seconds since 1970-01-01 00:00 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u32>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u32,
    logins: &'a [Entry],
}

#[derive(Deserialize)]
struct Read {
    logins: Vec<Entry>,
}

impl Logins {
    /// Reads a file's text. No text at all is no logins.
    pub(crate) fn parse(text: &str) -> Result<Self, FormatError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        // The texts of serde's errors quote what they found, which may be a token.
        let damaged =
            |error: serde_json::Error| FormatError::Damaged { line: error.line(), column: error.column() };
        let head: Head = match serde_json::from_slice(text.as_bytes()) {
            Ok(head) => head,
            Err(error) if error.is_data() => return Err(FormatError::Foreign),
            Err(error) => return Err(damaged(error)),
        };
        match (head.format.as_deref(), head.version) {
            (Some(FORMAT), Some(VERSION)) => {}
            (Some(FORMAT), Some(newer)) if newer > VERSION => return Err(FormatError::Newer(newer)),
            _ => return Err(FormatError::Foreign),
        }
        let read: Read = serde_json::from_slice(text.as_bytes()).map_err(damaged)?;
        Ok(Self(read.logins))
    }

    /// Writes the file's text.
    pub(crate) fn render(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        let mut text = Zeroizing::new(Vec::with_capacity(4096));
        let written = Written { format: FORMAT, version: VERSION, logins: &self.0 };
        serde_json::to_writer_pretty(&mut *text, &written)?;
        text.push(b'\n');
        Ok(text)
    }

    /// The login of an account, as the first record of a session.
    pub(crate) fn find(&self, origin: &str, user: &str) -> Option<Record> {
        let wanted = |entry: &&Entry| entry.origin == origin && entry.user == user;
        self.0.iter().rev().find(wanted).map(Entry::record)
    }

    /// The account that was saved last.
    pub(crate) fn latest(&self, origin: &str) -> Option<String> {
        let meant = |entry: &&Entry| entry.origin == origin && !entry.user.is_empty();
        self.0.iter().rev().find(meant).map(|entry| entry.user.clone())
    }

    pub(crate) fn remove(&mut self, origin: &str, user: &str) {
        self.0.retain(|entry| entry.origin != origin || entry.user != user);
    }
}

impl Entry {
    fn record(&self) -> Record {
        let at = |seconds| SystemTime::checked_add(&UNIX_EPOCH, Duration::from_secs(seconds));
        let tokens = StoredTokens::new(Some(self.access_token.clone()), self.refresh_token.clone());
        Record::new(tokens.expires_at(self.expires_at.and_then(at)), SystemTime::now())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(origin: &str, user: &str, token: &str, expires_at: Option<u64>) -> Entry {
        let refresh_token = Some(format!("r-{token}").into());
        Entry {
            origin: origin.to_owned(),
            user: user.to_owned(),
            access_token: token.into(),
            refresh_token,
            expires_at,
        }
    }

    #[test]
    fn the_file_as_it_was_written() {
        let logins = Logins(vec![
            entry("https://api.example.com", "mona", "a1", Some(1_800_000_000)),
            Entry { refresh_token: None, ..entry("http://localhost:8080", "", "a2", None) },
        ]);
        insta::assert_snapshot!(String::from_utf8(logins.render().unwrap().to_vec()).unwrap(), @r#"
        {
          "format": "edgequake-logins",
          "version": 1,
          "logins": [
            {
              "origin": "https://api.example.com",
              "user": "mona",
              "access_token": "a1",
              "refresh_token": "r-a1",
              "expires_at": 1800000000
            },
            {
              "origin": "http://localhost:8080",
              "user": "",
              "access_token": "a2"
            }
          ]
        }
        "#);
    }

    #[test]
    fn damaged_foreign_and_newer_files_are_told_apart_without_showing_them() {
        let newer = r#"{"format":"edgequake-logins","version":2,"sessions":[]}"#;
        let damaged = r#"{"format":"edgequake-logins","version":1,"logins":[{"origin":"s3cr3t"#;
        for (text, error) in [
            (newer, "was written by a newer version of this program (format 2)"),
            (damaged, "is damaged (line 1, column 68)"),
            (
                r#"{"format":"edgequake-logins","version":1,"logins":"s3cr3t"}"#,
                "is damaged (line 1, column 58)",
            ),
            (r#"{"format":"edgequake-logins","version":0,"logins":[]}"#, "is not a token file"),
            (r#"{"access_token":"s3cr3t"}"#, "is not a token file"),
            (r#"["s3cr3t"]"#, "is not a token file"),
            ("EDGEQUAKE_API_KEY=s3cr3t", "is damaged (line 1, column 1)"),
        ] {
            let found = Logins::parse(text).unwrap_err();
            assert_eq!(found.to_string(), error);
            assert!(!format!("{found:?}").contains("s3cr3t"));
        }
        assert_eq!(Logins::parse(" \n"), Ok(Logins::default()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            saved in proptest::collection::vec(("[ab]", "[uv]|", any::<String>(), any::<Option<u32>>()), 0..8),
        ) {
            let entries = saved.iter().map(|(origin, user, token, at)| entry(origin, user, token, at.map(u64::from)));
            let logins = Logins(entries.collect());
            let text = String::from_utf8(logins.render().unwrap().to_vec()).unwrap();
            let read = Logins::parse(&text).unwrap();
            prop_assert_eq!(&read, &logins);
            for (origin, user, ..) in &saved {
                let last = saved.iter().rev().find(|(o, u, ..)| o == origin && u == user).unwrap();
                let record = read.find(origin, user).unwrap();
                let tokens = record.tokens().unwrap();
                prop_assert_eq!(tokens.access_token.as_ref().unwrap().expose(), last.2.as_str());
                let at = last.3.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds.into()));
                prop_assert_eq!(tokens.expires_at, at);
                let latest = saved.iter().rev().find(|(o, user, ..)| o == origin && !user.is_empty());
                prop_assert_eq!(read.latest(origin), latest.map(|(_, user, ..)| user.clone()));
            }
        }
    }
}
