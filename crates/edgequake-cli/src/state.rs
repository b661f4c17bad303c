//! [`StateFolder`] and [`LoginStore`]: where sessions are kept between commands.
//!
//! Sessions are in the user's folder for state, with their tokens beside them or in the keyring of the operating system. A marker
//! tells for which servers it is the keyring, so that the next command looks in the right place.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use edgequake_auth::{
    BoxFuture, FileStore, LoginKey, Record, Revision, ServerKey, StoreError, Stored, Swap, TokenStore,
};

use crate::args::StoreKind;
use crate::failure::Failure;

/// The folder for the state of this user's programs.
#[derive(Debug, Clone)]
pub(crate) struct StateFolder(PathBuf);

impl StateFolder {
    /// By the conventions of the platform: `$XDG_STATE_HOME/edgequake`, which is `~/.local/state/edgequake` by default;
    /// `~/Library/Application Support/edgequake` on macOS; `%LOCALAPPDATA%\edgequake` on Windows. `None` where the user has no
    /// home.
    pub(crate) fn of_user() -> Option<Self> {
        Self::find(|name| std::env::var_os(name), std::env::home_dir())
    }

    /// Why there is none, to come after "since".
    pub(crate) fn why_none() -> &'static str {
        match std::env::home_dir() {
            _ if cfg!(windows) => "LOCALAPPDATA is not set, or is not an absolute path",
            None => "HOME is not set",
            Some(home) if home.as_os_str().is_empty() => "HOME is empty",
            Some(_) => "HOME is not an absolute path",
        }
    }

    fn find(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Option<Self> {
        // Relative paths are to be ignored (XDG Base Directory Specification).
        let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || home.filter(|path| path.is_absolute());
        let folder = if cfg!(windows) {
            absolute("LOCALAPPDATA").or_else(|| Some(home()?.join("AppData").join("Local")))
        } else if cfg!(target_os = "macos") {
            Some(home()?.join("Library").join("Application Support"))
        } else {
            absolute("XDG_STATE_HOME").or_else(|| Some(home()?.join(".local").join("state")))
        };
        Some(Self(folder?.join("edgequake")))
    }

    /// The store that was chosen for this server.
    pub(crate) fn store(&self, server: &ServerKey) -> LoginStore {
        if self.marker(server).exists() { self.keyring_or_file() } else { self.file() }
    }

    /// The stores besides the one of this kind that may hold a login at this server: those of former choices.
    pub(crate) fn others(&self, server: &ServerKey, kind: StoreKind) -> Vec<LoginStore> {
        match kind {
            StoreKind::Keyring => vec![self.file()],
            // Without keyrings the marker of another build means nothing.
            StoreKind::File if cfg!(feature = "keyring") && self.marker(server).exists() => {
                vec![self.keyring_or_file()]
            }
            StoreKind::File => Vec::new(),
        }
    }

    /// The store of this kind.
    pub(crate) fn store_of_kind(&self, kind: StoreKind) -> Result<LoginStore, Failure> {
        match kind {
            StoreKind::File => Ok(self.file()),
            StoreKind::Keyring if cfg!(feature = "keyring") => Ok(self.keyring_or_file()),
            StoreKind::Keyring => {
                Err(Failure::usage("this program was built without keyrings: use --store file"))
            }
        }
    }

    fn file(&self) -> LoginStore {
        LoginStore::File(FileStore::new(self.0.join("logins")).adopting(self.0.join("logins.json")))
    }

    /// Without the feature, a marker that another build has left means nothing.
    fn keyring_or_file(&self) -> LoginStore {
        #[cfg(feature = "keyring")]
        let store = LoginStore::Keyring(edgequake_auth::KeyringStore::new(self.0.join("keyring-logins")));
        #[cfg(not(feature = "keyring"))]
        let store = self.file();
        store
    }

    /// Remembers which kind of store was chosen for this server.
    pub(crate) fn remember(&self, server: &ServerKey, kind: StoreKind) -> Result<(), Failure> {
        let marker = self.marker(server);
        let done = match kind {
            StoreKind::Keyring => std::fs::create_dir_all(self.0.join("keyring"))
                .and_then(|()| std::fs::File::create(&marker))
                .map(drop),
            StoreKind::File if marker.exists() => std::fs::remove_file(&marker),
            StoreKind::File => Ok(()),
        };
        done.map_err(|error| Failure::caused_by(format!("cannot write {}: {error}", marker.display()), error))
    }

    fn marker(&self, server: &ServerKey) -> PathBuf {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let mut name = server.origin().to_string().replace(|c: char| !plain(c), "_");
        // So that no two prefixes have the same name.
        for c in server.prefix().chars() {
            if plain(c) { name.push(c) } else { name += &format!("_{:x}_", u32::from(c)) }
        }
        self.0.join("keyring").join(name)
    }
}

/// One of the two kinds of stores.
#[derive(Debug, Clone)]
pub(crate) enum LoginStore {
    File(FileStore),
    #[cfg(feature = "keyring")]
    Keyring(edgequake_auth::KeyringStore),
}

impl fmt::Display for LoginStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.path().display()),
            #[cfg(feature = "keyring")]
            Self::Keyring(_) => f.write_str("the keyring"),
        }
    }
}

/// A login that is stored and has not ended.
#[derive(Debug, Clone)]
pub(crate) struct StoredLogin {
    pub(crate) user: String,
    /// When its access token expires, if that is known.
    pub(crate) expires_at: Option<SystemTime>,
}

impl LoginStore {
    /// The login of this user, or of the one who logged in last.
    pub(crate) async fn find(
        &self,
        server: &ServerKey,
        user: Option<&str>,
    ) -> Result<Option<StoredLogin>, StoreError> {
        let user = match user {
            Some(user) => Some(user.to_owned()),
            None => self.latest(server).await?,
        };
        let Some(user) = user else { return Ok(None) };
        let stored = self.read(&server.account(&user)).await?;
        let tokens = stored.as_ref().and_then(|stored| stored.record.tokens());
        Ok(tokens.map(|tokens| StoredLogin { user, expires_at: tokens.expires_at }))
    }

    fn inner(&self) -> &dyn TokenStore {
        match self {
            Self::File(store) => store,
            #[cfg(feature = "keyring")]
            Self::Keyring(store) => store,
        }
    }
}

impl TokenStore for LoginStore {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        self.inner().read(key)
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        self.inner().compare_and_set(key, expected, record)
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        self.inner().latest(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn the_folder_follows_the_xdg_specification() {
        let find = |state: Option<&str>, home: Option<&str>| {
            StateFolder::find(
                |name| state.filter(|_| name == "XDG_STATE_HOME").map(OsString::from),
                home.map(PathBuf::from),
            )
            .map(|folder| folder.0)
        };
        assert_eq!(find(Some("/s"), Some("/h")), Some("/s/edgequake".into()));
        for unusable in [None, Some(""), Some("s")] {
            assert_eq!(find(unusable, Some("/h")), Some("/h/.local/state/edgequake".into()));
        }
        assert_eq!(find(None, None), None);
        assert_eq!(find(None, Some("h")), None);
    }

    #[test]
    fn the_store_of_a_login_is_none_of_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder(folder.path().join("edgequake"));
        let here = ServerKey::new("https://a.example".parse().unwrap(), "");
        state.remember(&here, StoreKind::Keyring).unwrap();
        for kind in [StoreKind::File, StoreKind::Keyring] {
            let Ok(own) = state.store_of_kind(kind) else { continue };
            for other in state.others(&here, kind) {
                assert_ne!(other.to_string(), own.to_string(), "{kind:?}");
            }
        }
    }

    #[test]
    fn the_marker_of_the_keyring_is_per_server() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder(folder.path().join("edgequake"));
        let origin = || "https://a.example:8443".parse().unwrap();
        let (here, there) =
            (ServerKey::new(origin(), "/a_b"), ServerKey::new("http://[::1]:8080".parse().unwrap(), ""));
        state.remember(&here, StoreKind::File).unwrap();
        state.remember(&here, StoreKind::Keyring).unwrap();
        assert!(state.marker(&here).exists() && !state.marker(&there).exists());
        assert!(matches!(state.store(&there), LoginStore::File(_)));
        for prefix in ["", "/a", "/a/b", "/a.b"] {
            let beside = ServerKey::new(origin(), prefix);
            assert!(matches!(state.store(&beside), LoginStore::File(_)), "{prefix}");
        }
        #[cfg(feature = "keyring")]
        assert!(matches!(state.store(&here), LoginStore::Keyring(_)));
        state.remember(&here, StoreKind::File).unwrap();
        assert!(matches!(state.store(&here), LoginStore::File(_)));
    }
}
