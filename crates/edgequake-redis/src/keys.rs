//! The names of the keys: readable, and in one slot of a cluster for each server.

use std::fmt::Write as _;

use edgequake_auth::{LoginKey, ServerKey};

/// What all keys begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys(String);

impl Keys {
    pub(crate) const DEFAULT: &'static str = "edgequake";

    /// `None` unless it is 1 to 64 visible ASCII characters.
    pub(crate) fn new(prefix: &str) -> Option<Self> {
        let visible = (1..=64).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_graphic());
        // A brace that is not closed would end in the server's tag, and an empty pair switches tags off.
        let tagged = match prefix.split_once('{') {
            None => true,
            Some((_, rest)) => rest.split_once('}').is_some_and(|(tag, _)| !tag.is_empty()),
        };
        (visible && tagged).then(|| Self(prefix.to_owned()))
    }

    /// The hash of one login.
    pub(crate) fn login(&self, key: &LoginKey) -> String {
        format!("{}:login:{}:{}", self.0, tag(key.server()), key.account())
    }

    /// The sorted set of the accounts at one server.
    pub(crate) fn logins(&self, server: &ServerKey) -> String {
        format!("{}:logins:{}", self.0, tag(server))
    }
}

/// The server between braces, which make it the hash tag unless the prefix has one. Braces of its own would end it too early.
fn tag(server: &ServerKey) -> String {
    let mut tag = String::from("{");
    for character in server.to_string().chars() {
        match character {
            '{' | '}' | '%' => {
                let _ = write!(tag, "%{:02X}", u32::from(character));
            }
            character => tag.push(character),
        }
    }
    tag.push('}');
    tag
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn server(prefix: &str) -> ServerKey {
        ServerKey::new("https://eq.example.com:8443".parse().unwrap(), prefix)
    }

    #[test]
    fn keys_can_be_read() {
        let keys = Keys::new(Keys::DEFAULT).unwrap();
        let key = server("/one").account("mona@corp.test");
        insta::assert_snapshot!(keys.login(&key), @"edgequake:login:{https://eq.example.com:8443/one}:mona@corp.test");
        insta::assert_snapshot!(keys.logins(key.server()), @"edgequake:logins:{https://eq.example.com:8443/one}");
        for prefix in ["", "a{b", "{}", "a{}b", "}{", "a b", "\u{e9}", "a\n", &"x".repeat(65)] {
            assert_eq!(Keys::new(prefix), None, "{prefix:?}");
        }
    }

    proptest! {
        #[test]
        fn different_logins_have_different_keys_in_one_slot(
            one in ("[a-z{}%:/]{0,6}", "[a-z{}%:@]{0,6}"), two in ("[a-z{}%:/]{0,6}", "[a-z{}%:@]{0,6}"),
        ) {
            let keys = Keys::new("p").unwrap();
            let [one, two] = [one, two].map(|(prefix, account)| server(&prefix).account(account));
            prop_assert_eq!(one == two, keys.login(&one) == keys.login(&two));
            let slot = |key: &str| key.split_once('{').unwrap().1.split_once('}').unwrap().0.to_owned();
            prop_assert_eq!(slot(&keys.login(&one)), slot(&keys.logins(one.server())));
        }
    }
}
