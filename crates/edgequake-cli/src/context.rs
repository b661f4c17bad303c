//! [`Context`]: what every command needs: the client with its one credential, stdout and stderr.

use std::time::Duration;

use edgequake_auth::{Jwt, JwtBuilder, KeyFile, Program, ServerKey};
use edgequake_client::{Client, ClientCertificate, HttpTransport};
use edgequake_types::{TenantId, WorkspaceId};
use http::HeaderValue;
use tokio::sync::watch;

use crate::args::Global;
use crate::credential::CredentialSource;
use crate::failure::{Exit, Failure};
use crate::notes::Notes;
use crate::output::Output;
use crate::settings::Settings;
use crate::state::{LoginStore, StateFolder};
use crate::unfinished::Unfinished;

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("edgequake-cli/", env!("CARGO_PKG_VERSION")));

/// How long the end of the process waits for a refresh under way.
const REFRESH_LIMIT: Duration = Duration::from_secs(30);

/// What every command needs.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) credential: CredentialSource,
    pub(crate) state: Option<StateFolder>,
    pub(crate) out: Output,
    pub(crate) notes: Notes,
    /// The time limit that the user gave.
    pub(crate) timeout: Option<Duration>,
    /// What the server goes on with when the command ends early.
    pub(crate) unfinished: Unfinished,
    /// True once a signal came. A command that subscribes is left the time to end by itself; any other is ended at once.
    pub(crate) interrupted: watch::Sender<bool>,
    /// The session in use.
    session: Option<Jwt>,
}

impl Context {
    /// Sends nothing yet.
    pub(crate) async fn new(global: &Global, settings: &Settings, notes: Notes) -> Result<Self, Failure> {
        let configured = CredentialSource::configured(global, settings)?;
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
        if let Some(certificate) = client_certificate(global)? {
            builder = builder.transport(HttpTransport::builder().client_certificate(certificate));
        }
        if let Some((_, file)) = settings.env_file() {
            builder = builder.dot_env(file.clone());
        }
        builder = match &configured {
            Some(CredentialSource::KeyFile(path)) => builder.credentials(KeyFile::new(path)),
            Some(CredentialSource::Program(path)) => builder.credentials(Program::new(path)),
            _ => builder,
        };
        let client = builder.build()?;
        let state = StateFolder::of_user();
        let server = ServerKey::new(client.base_url().origin().clone(), client.base_url().prefix());
        let store = state.as_ref().map(|state| state.store(&server));
        let out = Output::new(global.json);
        let mut cx = Self {
            client,
            credential: CredentialSource::None,
            state,
            out,
            notes,
            timeout: global.timeout,
            unfinished: Unfinished::default(),
            interrupted: watch::Sender::new(false),
            session: None,
        };
        cx.credential = match configured {
            Some(source) => source,
            None => cx.stored_login(store.as_ref(), settings.user_name()?).await,
        };
        cx.attach_session(store).await?;
        Ok(cx)
    }

    /// The stored session of this user, or of the one who logged in last.
    async fn stored_login(&self, store: Option<&LoginStore>, user: Option<String>) -> CredentialSource {
        let Some(store) = store else { return CredentialSource::None };
        match store.find(&self.server(), user.as_deref()).await {
            Ok(Some(login)) => CredentialSource::StoredLogin(login),
            Ok(None) => CredentialSource::None,
            Err(error) => CredentialSource::Unreadable(error),
        }
    }

    /// Makes the client present a session, if the source is one.
    async fn attach_session(&mut self, store: Option<LoginStore>) -> Result<(), Failure> {
        let (builder, store) = match &self.credential {
            CredentialSource::EnvLogin(account) | CredentialSource::EnvFileLogin(account, _) => {
                // A session that `login` has stored is continued. Otherwise nothing is kept, since nobody asked for that.
                let user = Some(account.identifier.as_str());
                let store = match store {
                    Some(store) => {
                        let known = store.find(&self.server(), user).await;
                        Some(store).filter(|_| matches!(known, Ok(Some(_))))
                    }
                    None => None,
                };
                (self.session_builder().login(&account.identifier, account.password.clone()), store)
            }
            CredentialSource::StoredLogin(login) => (self.session_builder().account(&login.user), store),
            // Its failure is reported only where a credential is needed.
            CredentialSource::Unreadable(_) => (self.session_builder(), store),
            _ => return Ok(()),
        };
        let builder = match &store {
            Some(store) => builder.store(store.clone()),
            None => builder,
        };
        let session = builder.build()?;
        self.client = self.client.with_session(session.clone());
        self.session = Some(session);
        Ok(())
    }

    /// A session of a process that ends soon. It renews its token only when it must: nobody would wait for an early renewal, and
    /// its result would be lost with the process.
    pub(crate) fn session_builder(&self) -> JwtBuilder {
        self.client.session_builder().early_refresh(Duration::ZERO)
    }

    /// Makes `session` the one that the end of the command waits for.
    pub(crate) fn use_session(&mut self, session: Option<Jwt>) {
        self.session = session;
    }

    /// Finishes with the session. After a failure it waits until a refresh under way has reached the store: a refresh token works
    /// once, so its successor must not get lost. Warns if the store has failed.
    pub(crate) async fn finish(&self, failed: bool) {
        let Some(session) = &self.session else { return };
        if failed && !session.settle(REFRESH_LIMIT).await {
            self.notes.warn("the session may be lost: its renewal could not be finished");
        }
        let renewed = session.refreshes() + session.logins() > 0;
        if let Some(error) = session.last_store_error().filter(|_| renewed) {
            self.notes
                .warn(format!("the session was renewed and could not be stored; log in again: {error}"));
        }
    }

    /// The server, as stores know it.
    pub(crate) fn server(&self) -> ServerKey {
        let base = self.client.base_url();
        ServerKey::new(base.origin().clone(), base.prefix())
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

/// The certificate to show to a server that demands one.
fn client_certificate(global: &Global) -> Result<Option<ClientCertificate>, Failure> {
    let Some(certificate) = &global.client_certificate else {
        return match &global.client_key_file {
            Some(_) => Err(Failure::usage("--client-key-file is of no use without --client-certificate")),
            None => Ok(None),
        };
    };
    let key = global.client_key_file.as_ref().unwrap_or(certificate);
    let read = ClientCertificate::from_files(certificate, key);
    read.map(Some).map_err(|error| Failure::Other {
        text: error.to_string(),
        source: Some(error.into()),
        exit: Exit::Usage,
    })
}
