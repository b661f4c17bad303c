//! The arguments of the program. Secrets are not among them, because process lists show arguments.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use edgequake_devserver::{CompletedStatus, DevServer, DevServerBuilder, Era, Role};
use edgequake_types::Secret;
use uuid::Uuid;

use crate::files::{self, FileError};

pub(crate) const USAGE: &str = "\
An in-memory EdgeQuake server on 127.0.0.1, for tests and first steps.

Usage: edgequake-devserver [OPTIONS]
       edgequake-devserver [OPTIONS] exec -- COMMAND [ARGUMENT]...

`exec` runs a command with EDGEQUAKE_BASE_URL, _USERNAME, _PASSWORD, _TENANT_ID
and _WORKSPACE_ID of a server on a free port, and ends with it. Tests in any
language control a server through http://HOST:PORT/__dev.

Options:
  --port PORT           Port to listen on; 0 picks a free one
                        [default: 8080, with exec 0]
  --ip ADDRESS          Address to listen on [default: 127.0.0.1]
  --allow-host NAME     Answers requests to this host name, such as that of a
                        container
  --allow-origin ORIGIN Answers requests of this origin, such as
                        http://localhost:3000
  --user NAME[:ROLE]    Adds a user with the e-mail address NAME@localhost; ROLE
                        is admin, user or readonly [default: admin:admin]
  --era b|c             Generation of servers to behave like [default: c]
  --no-auth             Accepts requests without credentials
  --strict-scope        Rejects scope headers that contradict the token
  --no-registration     Closes user registration
  --token-lifetime S    Lifetime of access tokens in seconds; may be fractional
                        [default: 86400]
  --refresh-lifetime S  Lifetime of refresh tokens in seconds
                        [default: 2592000]
  --processing-delay MS How long it takes to process a document [default: 0]
  --workers N           How many documents are processed at once
                        [default: 1024]
  --stage-as-status     Names the stage of a document in its status
  --completed-status W  Word for the status of a processed document: completed,
                        processed, indexed, or absent for none
                        [default: completed]
  --queue-thresholds W/C
                        From how many waiting tasks of a workspace on its queue
                        is under pressure, and critical [default: 100/1000]
  --token-delay MS      Pause before each token of a streamed answer
                        [default: 0]
  --rate-limit B/R      Limits each caller: B requests at once, R more a second
  --master-key-file F   Reads the master key from the first line of the file F
  --scan-root DIR       Lets clients have the files below this folder ingested
                        (POST /api/v1/documents/scan)
  --seed FILE           Adds a text file, or a JSON file with a list of
                        {\"title\", \"content\"}, as documents
  --faults FILE         Orders the failures of a JSON file, one or a list, as
                        POST /__dev/faults takes them:
                        {\"effect\": {\"status\": {\"code\": 503}},
                         \"on\": \"Query\", \"times\": 2}
                        {\"effect\": {\"fail_processing\":
                         {\"stage\": \"embedding\"}}, \"times\": 1}
  -v, --verbose         Writes each request to standard error
  -h, --help            Prints this text
  --version             Prints the version

Environment:
  EDGEQUAKE_DEVSERVER_PASSWORD_NAME  Password of the user NAME, in upper case,
                                     with _ for - and .
  EDGEQUAKE_DEVSERVER_PASSWORD       Password of all other users; generated and
                                     printed if unset
  EDGEQUAKE_MASTER_API_KEY           Master key
  EDGEQUAKE_API_KEYS                 Static keys, separated by commas
";

/// What the program has to do.
#[derive(Debug)]
pub(crate) enum Arguments {
    Help,
    Version,
    Serve {
        server: Box<DevServerBuilder>,
        users: Vec<StartupUser>,
        verbose: bool,
        /// The command to run, and its arguments.
        command: Option<(OsString, Vec<OsString>)>,
    },
}

/// A user to print at startup.
#[derive(Debug)]
pub(crate) struct StartupUser {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) password: Secret,
    pub(crate) is_generated: bool,
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
    #[error("the variable {name} is not valid UTF-8; set it again")]
    Variable { name: String },
    #[error("exec needs a command: exec -- COMMAND")]
    NoCommand,
    #[error(transparent)]
    File(#[from] FileError),
}

impl Arguments {
    pub(crate) fn is_help(&self) -> bool {
        matches!(self, Self::Help)
    }

    /// Parses the arguments, without the name of the program. `environment` looks up a variable; an empty one counts as
    /// unset.
    pub(crate) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, UsageError> {
        use lexopt::Arg::{Long, Short, Value};

        let (mut verbose, mut command, mut port) = (false, None, None);

        let environment = |name: &str| match environment(name).map(OsString::into_string) {
            Some(Ok(value)) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
            Some(Err(_)) => Err(UsageError::Variable { name: name.to_owned() }),
            None => Ok(None),
        };
        let mut server = keys(DevServer::builder(), environment)?;
        let mut users: Vec<(String, Role)> = Vec::new();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(|_| UsageError::Positional)? {
            let option = match argument {
                Long(option) => option.to_owned(),
                Short('v') => "verbose".to_owned(),
                Short('h') => "help".to_owned(),
                Value(word) if word == "exec" => {
                    command = Some(exec(&mut parser)?);
                    break;
                }
                Short(letter) => return Err(UsageError::Unknown(format!("-{letter}"))),
                Value(_) => return Err(UsageError::Positional),
            };
            server = match option.as_str() {
                "help" => return Ok(Self::Help),
                "version" => return Ok(Self::Version),
                "no-auth" => server.auth(false),
                "strict-scope" => server.strict_scope(true),
                "no-registration" => server.registration(false),
                "verbose" => {
                    verbose = true;
                    server
                }
                "port" => {
                    port = Some(value(&mut parser, "--port", "must be a number from 0 to 65535", |text| {
                        text.parse().ok()
                    })?);
                    server
                }
                "ip" => {
                    let rule = "must be an address, such as 0.0.0.0";
                    server.ip(value(&mut parser, "--ip", rule, |text| text.parse().ok())?)
                }
                "allow-host" => {
                    let rule = "must be a name without a port";
                    server.allow_host(value(&mut parser, "--allow-host", rule, host)?)
                }
                "allow-origin" => {
                    let rule = "must be an origin, such as http://localhost:3000";
                    server.allow_origin(value(&mut parser, "--allow-origin", rule, origin)?)
                }
                "scan-root" => {
                    let rule = "must be the path of a folder";
                    let folder: PathBuf = value(&mut parser, "--scan-root", rule, |text| Some(text.into()))?;
                    server.scan_root(folder)
                }
                "seed" => {
                    let path: PathBuf = value(&mut parser, "--seed", FILE, |text| Some(text.into()))?;
                    files::documents(&path)?.into_iter().fold(server, DevServerBuilder::document)
                }
                "faults" => {
                    let path: PathBuf = value(&mut parser, "--faults", FILE, |text| Some(text.into()))?;
                    files::faults(&path)?.into_iter().fold(server, DevServerBuilder::fault)
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
                "workers" => {
                    let rule = "must be a whole number of at least 1";
                    let workers = |text: &str| text.parse().ok().filter(|workers| *workers > 0);
                    server.workers(value(&mut parser, "--workers", rule, workers)?)
                }
                "completed-status" => {
                    let rule = "must be completed, processed, indexed or absent";
                    server.completed_status(value(&mut parser, "--completed-status", rule, completed)?)
                }
                "queue-thresholds" => {
                    let rule = "must be WARN/CRITICAL, such as 10/20, and WARN from 1 to CRITICAL";
                    let (warn, critical) = value(&mut parser, "--queue-thresholds", rule, thresholds)?;
                    server.queue_thresholds(warn, critical)
                }
                "stage-as-status" => server.stage_as_status(true),
                "token-delay" => {
                    server.token_delay(value(&mut parser, "--token-delay", MILLISECONDS, milliseconds)?)
                }
                "rate-limit" => {
                    let rule = "must be BURST/RATE, such as 20/1.5";
                    server.rate_limit(Some(value(&mut parser, "--rate-limit", rule, rate)?))
                }
                "master-key-file" => {
                    server.master_key(key_file(value(&mut parser, "--master-key-file", FILE, |text| {
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
            let (password, is_generated) = password(&name, environment)?;
            server = server.user(&name, format!("{name}@localhost"), password.clone(), role.clone());
            startup_users.push(StartupUser { name, role, password, is_generated });
        }
        let server = server.port(port.unwrap_or(if command.is_some() { 0 } else { 8080 }));
        Ok(Self::Serve { server: Box::new(server), users: startup_users, verbose, command })
    }
}

/// Adds the keys from the environment, from the variables that the real server reads.
fn keys(
    server: DevServerBuilder,
    environment: impl Fn(&str) -> Result<Option<String>, UsageError>,
) -> Result<DevServerBuilder, UsageError> {
    let server = match environment("EDGEQUAKE_MASTER_API_KEY")? {
        Some(key) => server.master_key(key.trim()),
        None => server,
    };
    let keys = environment("EDGEQUAKE_API_KEYS")?.unwrap_or_default();
    let keys = keys.split(',').map(str::trim).filter(|key| !key.is_empty());
    Ok(keys.fold(server, DevServerBuilder::static_key))
}

/// The command after `exec`, and its arguments.
fn exec(parser: &mut lexopt::Parser) -> Result<(OsString, Vec<OsString>), UsageError> {
    let mut rest = parser.raw_args().map_err(|_| UsageError::NoCommand)?;
    let first = rest.next().filter(|word| word != "--").or_else(|| rest.next());
    first.map(|command| (command, rest.collect())).ok_or(UsageError::NoCommand)
}

/// The password of a user, and whether it was generated.
fn password(
    name: &str,
    environment: impl Fn(&str) -> Result<Option<String>, UsageError>,
) -> Result<(Secret, bool), UsageError> {
    let own = format!("EDGEQUAKE_DEVSERVER_PASSWORD_{}", name.to_uppercase().replace(['-', '.'], "_"));
    let password = match environment(&own)? {
        Some(password) => Some(password),
        None => environment("EDGEQUAKE_DEVSERVER_PASSWORD")?,
    };
    Ok(match password {
        Some(password) => (password.into(), false),
        None => (Secret::new(Uuid::new_v4().simple().to_string()), true),
    })
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

const FILE: &str = "must be the path of a file";
const SECONDS: &str = "must be a number of seconds above 0";
const MILLISECONDS: &str = "must be a whole number of milliseconds";

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok().filter(|duration| !duration.is_zero())
}

fn milliseconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_millis)
}

fn host(text: &str) -> Option<String> {
    let is_name =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    is_name.then(|| text.to_owned())
}

fn origin(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let fits = matches!(scheme, "http" | "https") && !rest.is_empty() && !rest.contains('/');
    fits.then(|| text.to_owned())
}

fn era(text: &str) -> Option<Era> {
    match text.to_ascii_lowercase().as_str() {
        "b" => Some(Era::B),
        "c" => Some(Era::C),
        _ => None,
    }
}

fn completed(text: &str) -> Option<CompletedStatus> {
    match text {
        "completed" => Some(CompletedStatus::Completed),
        "processed" => Some(CompletedStatus::Processed),
        "indexed" => Some(CompletedStatus::Indexed),
        "absent" => Some(CompletedStatus::Absent),
        _ => None,
    }
}

fn thresholds(text: &str) -> Option<(u64, u64)> {
    let (warn, critical) = text.split_once('/')?;
    let (warn, critical) = (warn.parse().ok()?, critical.parse().ok()?);
    (0 < warn && warn <= critical).then_some((warn, critical))
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
    match files::text(&path) {
        Ok(text) => match text.lines().next().map(str::trim).filter(|key| !key.is_empty()) {
            Some(key) => Ok(key.into()),
            None => Err(UsageError::NoKey { path }),
        },
        Err(source) => Err(UsageError::KeyFile { path, source }),
    }
}

#[cfg(test)]
mod tests;
