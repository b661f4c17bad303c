//! Names of folders and files.

use std::path::{Path, PathBuf};

use crate::store::LoginKey;

/// The folder of a login: the server's host, for people who look, and a hash of all that tells logins apart. The record says
/// whose it is, so that two with the same hash are noticed.
pub(super) fn of_login(key: &LoginKey) -> String {
    let server = key.server();
    let text = format!("{}\n{}\n{}", server.origin(), server.prefix(), key.account());
    let host = server.origin().to_string();
    let host = host.split_once("://").map_or(host.as_str(), |(_, host)| host);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    let host: String = host.chars().map(plain).take(100).collect();
    format!("{host}-{:032x}", fnv(text.as_bytes()))
}

/// FNV-1a with 128 bits: the same on every machine and in every version. Nothing of what goes in is a secret.
fn fnv(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

/// What the name of a login's folder begins with that is about to be removed.
pub(super) const REMOVED: &str = "removed-";

/// Whether a folder may be that of a login.
pub(super) fn is_login(name: &str) -> bool {
    let hash = name.rsplit_once('-').map(|(host, hash)| (host.is_empty(), hash));
    hash.is_some_and(|(bare, hash)| {
        !bare && hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    }) && !name.starts_with(REMOVED)
}

/// The file of a revision. All digits, so that they sort.
pub(super) fn of_revision(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.json"))
}

/// The revision of a file, if it is one.
pub(super) fn revision(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json")?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ServerKey;

    #[test]
    fn folders_are_the_same_in_every_version() {
        let server = ServerKey::new("https://api.example.com:8443".parse().unwrap(), "/one");
        assert_eq!(
            of_login(&server.account("mona@corp.test")),
            "api.example.com_8443-590b7998233682ceeb51e4f3f5a94256"
        );
        assert_eq!(format!("{:x}", fnv(b"a")), "d228cb696f1a8caf78912b704e4a8964");
    }

    #[test]
    fn only_revisions_are_taken_for_revisions() {
        let folder = Path::new("f");
        let name = of_revision(folder, 7).file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!((name.as_str(), revision(&name)), ("00000000000000000007.json", Some(7)));
        for other in [
            "7.json",
            "00000000000000000007.tmp",
            "spare",
            "0000000000000000000x.json",
            "99999999999999999999.json",
        ] {
            assert_eq!(revision(other), None, "{other}");
        }
    }
}
