//! Where a client's settings come from: the builder itself, then the environment, then a `.env` file, and last a stored login.

use std::str::FromStr;

use edgequake_auth::{Env, Jwt, JwtBuilder, SharedCredentials, StaticKey};
use edgequake_types::IdError;

use super::ClientBuilder;
use crate::boxed::BoxError;
use crate::client::Shared;
use crate::client::base_url::BaseUrl;
use crate::error::{Error, ErrorKind};
use crate::layers::scope::ScopeHeaders;

/// The credential of a client, and the session behind it if it is one.
type Chosen = (SharedCredentials, Option<Jwt>);

/// Where a server listens that was started with its defaults.
const DEFAULT_BASE_URL: &str = "http://localhost:8080";

impl ClientBuilder {
    /// A setting from the environment, then from the file; empty is unset.
    fn lookup(&self, name: &str) -> Result<Option<String>, Error> {
        let from_env = if self.env { Env::variable(name).map_err(Error::config)? } else { None };
        let from_file = || self.dot_env.as_ref().and_then(|file| file.get(name)).map(str::to_owned);
        let filled = |value: &String| !value.trim().is_empty();
        let value = from_env.filter(filled).or_else(|| from_file().filter(filled));
        Ok(value.map(|value| value.trim().to_owned()))
    }

    pub(super) fn base(&self) -> Result<BaseUrl, Error> {
        if let Some(url) = &self.base_url {
            return url.clone().map_err(Error::config);
        }
        let url = self.lookup("EDGEQUAKE_BASE_URL")?;
        url.as_deref().unwrap_or(DEFAULT_BASE_URL).parse().map_err(Error::config)
    }

    pub(super) fn scope(&self) -> Result<ScopeHeaders, Error> {
        fn id<I: Clone + FromStr<Err: Into<BoxError>>>(
            own: Option<&Result<I, IdError>>,
            variable: &str,
            found: Option<String>,
        ) -> Result<Option<I>, Error> {
            match (own, found) {
                (Some(own), _) => own.clone().map(Some).map_err(Error::config),
                (None, Some(text)) => text
                    .parse()
                    .map(Some)
                    .map_err(|error| Error::config(error).note(format!("in {variable}"))),
                (None, None) => Ok(None),
            }
        }
        let mut scope = ScopeHeaders::new();
        let names = ["EDGEQUAKE_TENANT_ID", "EDGEQUAKE_WORKSPACE_ID", "EDGEQUAKE_USER_ID"];
        let [tenant, workspace, user] = names;
        if let Some(tenant) = id(self.tenant.as_ref(), tenant, self.lookup(tenant)?)? {
            scope = scope.tenant(&tenant);
        }
        if let Some(workspace) = id(self.workspace.as_ref(), workspace, self.lookup(workspace)?)? {
            scope = scope.workspace(&workspace);
        }
        if let Some(user) = id(self.user.as_ref(), user, self.lookup(user)?)? {
            scope = scope.user(&user);
        }
        Ok(scope)
    }

    pub(super) fn http_allowed(&self) -> Result<bool, Error> {
        let variable = "EDGEQUAKE_ALLOW_HTTP";
        match (self.allow_http, self.lookup(variable)?) {
            (Some(allow), _) => Ok(allow),
            (None, None) => Ok(false),
            (None, Some(text)) => match text.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Ok(true),
                "0" | "false" | "no" | "off" => Ok(false),
                _ => Err(Error::new(ErrorKind::Config).note(format!("{variable} must be true or false"))),
            },
        }
    }

    /// The one credential. Which source it came from is told as an event, the credential itself never.
    pub(super) fn choose(&self, shared: &Shared) -> Result<Chosen, Error> {
        let (source, chosen) = self.chosen(shared)?;
        tracing::debug!(source, "credential chosen");
        Ok(chosen)
    }

    fn chosen(&self, shared: &Shared) -> Result<(&'static str, Chosen), Error> {
        if let Some(credentials) = &self.credentials {
            return Ok(("builder", (credentials.clone(), credentials.find().cloned())));
        }
        if let Some(key) = &self.api_key {
            let key = StaticKey::new(key.clone()).map_err(Error::config)?.carrier(self.carrier);
            return Ok(("builder", (key.into(), None)));
        }
        if let Some((identifier, password)) = &self.login {
            let login =
                self.session(shared, |builder| builder.login(identifier.clone(), password.clone()))?;
            return Ok(("builder", login));
        }
        if self.env {
            let env = Env::from_process().carrier(self.carrier);
            if env.is_configured().map_err(Error::config)? {
                return Ok(("environment", (env.into(), None)));
            }
            if let Some((identifier, password)) = env.login().map_err(Error::config)? {
                let login = self.session(shared, |builder| builder.login(identifier, password))?;
                return Ok(("environment", login));
            }
        }
        if let Some(file) = &self.dot_env {
            if file.is_configured().map_err(Error::config)? {
                return Ok((".env", (file.credentials().carrier(self.carrier).into(), None)));
            }
            if let Some((identifier, password)) = file.login().map_err(Error::config)? {
                return Ok((".env", self.session(shared, |builder| builder.login(identifier, password))?));
            }
        }
        if let Some(user) = self.stored_user(shared)? {
            return Ok(("stored login", self.session(shared, |builder| builder.account(user))?));
        }
        Ok(("none", (SharedCredentials::anonymous(), None)))
    }

    /// Whose stored login is meant: who was named, or whom the settings name without a password.
    fn stored_user(&self, shared: &Shared) -> Result<Option<String>, Error> {
        match (&self.stored_login, &shared.store) {
            (Some(user), _) => Ok(Some(user.clone())),
            (None, None) => Ok(None),
            (None, Some(_)) => match self.lookup("EDGEQUAKE_USERNAME")? {
                Some(user) => Ok(Some(user)),
                None => self.lookup("EDGEQUAKE_EMAIL"),
            },
        }
    }

    fn session(
        &self,
        shared: &Shared,
        source: impl FnOnce(JwtBuilder) -> JwtBuilder,
    ) -> Result<Chosen, Error> {
        let jwt = source(shared.session_builder()).build().map_err(Error::config)?;
        Ok((jwt.clone().into(), Some(jwt)))
    }
}
