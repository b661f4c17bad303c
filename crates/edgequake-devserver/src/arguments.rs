//! The arguments of the program. Secrets are not among them, because process lists show arguments.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use edgequake_devserver::{DevServer, DevServerBuilder, Era, Role};
use edgequake_types::Secret;
use uuid::Uuid;

pub(crate) const USAGE: &str = "\
An in-memory EdgeQuake server on 127.0.0.1, for tests and first steps.

Usage: edgequake-devserver [OPTIONS]

Options:
  --port PORT                Port to listen on; 0 picks a free port [default: 8080]
  --user NAME[:ROLE]         Adds a user; ROLE is admin, user or readonly [default: admin:admin]
  --era b|c                  Generation of servers to behave like [default: c]
  --no-auth                  Accepts requests without credentials
  --strict-scope             Rejects scope headers that contradict the token
  --no-registration          Closes user registration
  --token-lifetime SECONDS   Lifetime of access tokens; may be fractional [default: 86400]
  --refresh-lifetime SECONDS Lifetime of refresh tokens [default: 2592000]
  --processing-delay MS      How long it takes to process a document [default: 0]
  --token-delay MS           Pause before each token of a streamed answer [default: 0]
  --rate-limit BURST/RATE    Limits each caller: BURST at once, RATE more per second
  --master-key-file FILE     Reads the master key from the first line of FILE
  --help                     Prints this text
  --version                  Prints the version

Environment:
  EDGEQUAKE_DEVSERVER_PASSWORD_NAME  Password of the user NAME, in upper case
  EDGEQUAKE_DEVSERVER_PASSWORD       Password of all other users; generated and printed if unset
  EDGEQUAKE_MASTER_API_KEY           Master key
  EDGEQUAKE_API_KEYS                 Static keys, separated by commas
";

/// What the program has to do.
#[derive(Debug)]
pub(crate) enum Arguments {
    Help,
    Version,
    Serve { server: Box<DevServerBuilder>, users: Vec<StartupUser> },
}

/// A user to print at startup.
#[derive(Debug)]
pub(crate) struct StartupUser {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The password, if it was generated.
    pub(crate) generated_password: Option<Secret>,
}

/// An invalid command line. Messages contain options but no values, which may be misplaced secrets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("unknown option {0}; see --help")]
    Unknown(String),
    #[error("unexpected argument; see --help")]
    Positional,
    #[error("{option} {rule}")]
    Value { option: &'static str, rule: &'static str },
    #[error("cannot read the key file {}", path.display())]
    KeyFile { path: PathBuf, source: std::io::Error },
    #[error("the key file {} is empty", path.display())]
    NoKey { path: PathBuf },
}

impl Arguments {
    pub(crate) fn is_help(&self) -> bool {
        matches!(self, Self::Help)
    }

    /// Parses the arguments, without the name of the program. `environment` looks up a variable; an empty one counts as
    /// unset.
    pub(crate) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, UsageError> {
        use lexopt::Arg::{Long, Short, Value};

        let environment = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let mut server = keys(DevServer::builder().port(8080), environment);
        let mut users: Vec<(String, Role)> = Vec::new();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(|_| UsageError::Positional)? {
            let option = match argument {
                Long(option) => option.to_owned(),
                Short(letter) => return Err(UsageError::Unknown(format!("-{letter}"))),
                Value(_) => return Err(UsageError::Positional),
            };
            server = match option.as_str() {
                "help" => return Ok(Self::Help),
                "version" => return Ok(Self::Version),
                "no-auth" => server.auth(false),
                "strict-scope" => server.strict_scope(true),
                "no-registration" => server.registration(false),
                "port" => {
                    server.port(value(&mut parser, "--port", "must be a number from 0 to 65535", |text| {
                        text.parse().ok()
                    })?)
                }
                "era" => server.era(value(&mut parser, "--era", "must be b or c", era)?),
                "user" => {
                    users.push(value(
                        &mut parser,
                        "--user",
                        "must be NAME or NAME:ROLE, where ROLE is admin, user or readonly",
                        user,
                    )?);
                    server
                }
                "token-lifetime" => {
                    server.token_lifetime(value(&mut parser, "--token-lifetime", SECONDS, seconds)?)
                }
                "refresh-lifetime" => {
                    server.refresh_lifetime(value(&mut parser, "--refresh-lifetime", SECONDS, seconds)?)
                }
                "processing-delay" => server.processing_delay(value(
                    &mut parser,
                    "--processing-delay",
                    MILLISECONDS,
                    milliseconds,
                )?),
                "token-delay" => {
                    server.token_delay(value(&mut parser, "--token-delay", MILLISECONDS, milliseconds)?)
                }
                "rate-limit" => {
                    let rule = "must be BURST/RATE, such as 20/1.5";
                    server.rate_limit(Some(value(&mut parser, "--rate-limit", rule, rate)?))
                }
                "master-key-file" => {
                    let rule = "must be the path of a file";
                    server.master_key(key_file(value(&mut parser, "--master-key-file", rule, |text| {
                        Some(text.into())
                    })?)?)
                }
                other => return Err(UsageError::Unknown(format!("--{other}"))),
            };
        }
        if users.is_empty() {
            users.push(("admin".to_owned(), Role::Admin));
        }
        let mut startup_users = Vec::new();
        for (name, role) in users {
            let (password, generated_password) = password(&name, environment);
            server = server.user(&name, format!("{name}@localhost"), password, role.clone());
            startup_users.push(StartupUser { name, role, generated_password });
        }
        Ok(Self::Serve { server: Box::new(server), users: startup_users })
    }
}

/// Adds the keys from the environment, from the variables that the real server reads.
fn keys(server: DevServerBuilder, environment: impl Fn(&str) -> Option<String>) -> DevServerBuilder {
    let server = match environment("EDGEQUAKE_MASTER_API_KEY") {
        Some(key) => server.master_key(key.trim()),
        None => server,
    };
    let keys = environment("EDGEQUAKE_API_KEYS").unwrap_or_default();
    let keys = keys.split(',').map(str::trim).filter(|key| !key.is_empty());
    keys.fold(server, DevServerBuilder::static_key)
}

/// The password of a user, and a copy of it if it was generated.
fn password(name: &str, environment: impl Fn(&str) -> Option<String>) -> (Secret, Option<Secret>) {
    let own = format!("EDGEQUAKE_DEVSERVER_PASSWORD_{}", name.to_uppercase());
    match environment(&own).or_else(|| environment("EDGEQUAKE_DEVSERVER_PASSWORD")) {
        Some(password) => (password.into(), None),
        None => {
            let generated = Secret::new(Uuid::new_v4().simple().to_string());
            (generated.clone(), Some(generated))
        }
    }
}

fn value<T>(
    parser: &mut lexopt::Parser,
    option: &'static str,
    rule: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, UsageError> {
    let value = parser.value().ok();
    value.as_ref().and_then(|value| read(value.to_str()?)).ok_or(UsageError::Value { option, rule })
}

const SECONDS: &str = "must be a number of seconds above 0";
const MILLISECONDS: &str = "must be a whole number of milliseconds";

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok().filter(|duration| !duration.is_zero())
}

fn milliseconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_millis)
}

fn era(text: &str) -> Option<Era> {
    match text.to_ascii_lowercase().as_str() {
        "b" => Some(Era::B),
        "c" => Some(Era::C),
        _ => None,
    }
}

fn rate(text: &str) -> Option<(u32, f64)> {
    let (burst, rate) = text.split_once('/')?;
    let rate: f64 = rate.parse().ok()?;
    (rate.is_finite() && rate >= 0.0).then_some((burst.parse().ok()?, rate))
}

fn user(text: &str) -> Option<(String, Role)> {
    let (name, role) = text.split_once(':').unwrap_or((text, "user"));
    let role = Role::from(role);
    (!name.is_empty() && !matches!(role, Role::Other(_))).then(|| (name.to_owned(), role))
}

fn key_file(path: PathBuf) -> Result<Secret, UsageError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => match text.lines().next().map(str::trim).filter(|key| !key.is_empty()) {
            Some(key) => Ok(key.into()),
            None => Err(UsageError::NoKey { path }),
        },
        Err(source) => Err(UsageError::KeyFile { path, source }),
    }
}

#[cfg(test)]
mod tests;
