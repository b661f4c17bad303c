//! [`Context`]: what every command needs: the client with its one credential, and the ways out.

use std::path::PathBuf;
use std::time::Duration;

use edgequake_auth::{DotEnv, Jwt, JwtBuilder, KeyFile, TokenStore as _};
use edgequake_client::Client;
use edgequake_types::{TenantId, WorkspaceId};
use http::HeaderValue;

use crate::cli::Global;
use crate::failure::Failure;
use crate::notes::Notes;
use crate::output::Output;
use crate::source::{NAMES, Source};
use crate::state::{LoginStore, StateFolder};

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("edgequake-cli/", env!("CARGO_PKG_VERSION")));

/// How long a refresh under way is waited for before the process ends.
const SETTLE_LIMIT: Duration = Duration::from_secs(30);

/// The environment, and the `.env` file behind it.
pub(crate) struct Settings {
    dot_env: Option<(PathBuf, DotEnv)>,
}

impl Settings {
    /// Reads the `.env` file, if one is named.
    pub(crate) async fn load(global: &Global) -> Result<Self, Failure> {
        let dot_env = match &global.env_file {
            Some(path) => {
                let file = DotEnv::load(path).await.map_err(|error| Failure::Other {
                    text: error.to_string(),
                    source: Some(error.into()),
                    exit: crate::failure::Exit::Usage,
                })?;
                Some((path.clone(), file))
            }
            None => None,
        };
        Ok(Self { dot_env })
    }

    /// A setting as it stands there; empty is unset.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let from_file = || self.dot_env.as_ref()?.1.get(name).map(str::to_owned);
        std::env::var(name).ok().filter(|value| !value.trim().is_empty()).or_else(from_file)
    }

    /// The name to log in with.
    pub(crate) fn identifier(&self) -> Option<String> {
        NAMES.into_iter().find_map(|name| self.get(name)).map(|name| name.trim().to_owned())
    }
}

/// What every command needs.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) source: Source,
    pub(crate) state: Option<StateFolder>,
    pub(crate) out: Output,
    pub(crate) notes: Notes,
    /// The time limit that the user gave.
    pub(crate) timeout: Option<Duration>,
    /// The session in use, and where it is kept.
    session: Option<(Jwt, Option<LoginStore>)>,
}

impl Context {
    /// Sends nothing yet.
    pub(crate) async fn new(global: &Global, settings: Settings, notes: Notes) -> Result<Self, Failure> {
        let dot_env = settings.dot_env.as_ref().map(|(path, file)| (path, file));
        let configured =
            Source::configured(global.api_key_file.clone(), dot_env).map_err(Failure::Credentials)?;
        let mut builder = Client::builder().env().user_agent(USER_AGENT);
        if let Some(url) = &global.base_url {
            builder = builder.base_url(url);
        }
        if let Some(tenant) = &global.tenant {
            builder = builder.tenant_id(tenant);
        }
        if let Some(workspace) = &global.workspace {
            builder = builder.workspace_id(workspace);
        }
        if global.allow_http {
            builder = builder.allow_http(true);
        }
        if let Some(limit) = global.timeout {
            builder = builder.timeout(limit).attempt_timeout(limit);
        }
        if let Some((_, file)) = &settings.dot_env {
            builder = builder.dot_env(file.clone());
        }
        if let Some(Source::KeyFile(path)) = &configured {
            builder = builder.credentials(KeyFile::new(path));
        }
        let client = builder.build()?;
        let state = StateFolder::of_user();
        let store = state.as_ref().map(|state| state.store(client.base_url().origin()));
        let out = Output::new(global.json);
        let mut cx =
            Self { client, source: Source::None, state, out, notes, timeout: global.timeout, session: None };
        cx.source = match configured {
            Some(source) => source,
            None => cx.stored(store.as_ref(), settings.identifier()).await,
        };
        cx.begin_session(store).await?;
        Ok(cx)
    }

    /// The stored session, of one user or the one who logged in last.
    async fn stored(&self, store: Option<&LoginStore>, user: Option<String>) -> Source {
        let Some(store) = store else { return Source::None };
        match store.load(self.client.base_url().origin(), user.as_deref()).await {
            Ok(Some(login)) => Source::Stored(login),
            Ok(None) => Source::None,
            Err(_) => Source::Unreadable,
        }
    }

    /// Makes the client present a session, if the source is one.
    async fn begin_session(&mut self, store: Option<LoginStore>) -> Result<(), Failure> {
        let (builder, store) = match &self.source {
            Source::EnvLogin(account) | Source::DotEnvLogin(account, _) => {
                // What nobody asked to keep is not kept; a session that `login` has stored is gone on with.
                let user = Some(account.identifier.as_str());
                let store = match store {
                    Some(store) => {
                        let known = store.load(self.client.base_url().origin(), user).await;
                        Some(store).filter(|_| matches!(known, Ok(Some(_))))
                    }
                    None => None,
                };
                (self.session_builder().login(&account.identifier, account.password.clone()), store)
            }
            Source::Stored(login) => (self.session_builder().account(&login.user), store),
            // Its failure is told where a credential is needed, and only there.
            Source::Unreadable => (self.session_builder(), store),
            _ => return Ok(()),
        };
        let builder = match &store {
            Some(store) => builder.store(store.clone()),
            None => builder,
        };
        let session = builder.build()?;
        self.client = self.client.with_session(session.clone());
        self.session = Some((session, store));
        Ok(())
    }

    /// A session of a process that soon ends: it renews its token when it must, since nobody would wait for a renewal ahead of
    /// time, whose outcome would be lost with the process.
    pub(crate) fn session_builder(&self) -> JwtBuilder {
        self.client.session_builder().early_refresh(Duration::ZERO)
    }

    /// Ends the use of the session: tells what became of its store, and, if the command was cut short, lets a refresh under way
    /// reach the store. A refresh token works once, so the successor must not get lost.
    pub(crate) async fn settle(&self, cut_short: bool) {
        let Some((session, store)) = &self.session else { return };
        if let Some(store) = store.as_ref().filter(|_| cut_short) {
            // A refresh holds this lock from its beginning to its end.
            let _ = store.lock(session.origin(), SETTLE_LIMIT).await;
        }
        let renewed = session.refreshes() + session.logins() > 0;
        if let Some(error) = session.last_store_error().filter(|_| renewed) {
            self.notes
                .warn(format!("the session was renewed and could not be stored; log in again: {error}"));
        }
    }

    /// Where the credential came from, in words.
    pub(crate) fn hint(&self) -> String {
        self.source.to_string()
    }

    /// The tenant that calls are made in.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        let text = self.scope("x-tenant-id")?;
        TenantId::new(text).or_else(|_| TenantId::opaque(text)).ok()
    }

    /// The workspace that calls are made in.
    pub(crate) fn workspace(&self) -> Option<WorkspaceId> {
        let text = self.scope("x-workspace-id")?;
        WorkspaceId::new(text).or_else(|_| WorkspaceId::opaque(text)).ok()
    }

    fn scope(&self, header: &str) -> Option<&str> {
        self.client.scope().headers().get(header)?.to_str().ok()
    }
}
