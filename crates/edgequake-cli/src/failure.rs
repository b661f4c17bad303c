//! [`Failure`]: why a command failed, as one line, a hint, and an exit code.

use std::error::Error as StdError;
use std::io;
use std::process::ExitCode;

use edgequake_auth::{CredentialsError, CredentialsErrorKind, StoreError};
use edgequake_client::transport::TooManyOpenFiles;
use edgequake_client::{Error, ErrorKind, FileUploadError};
use edgequake_types::IdError;

use crate::args::invalid_id;
use crate::signals::Signal;

/// The exit codes of the process; the help lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success = 0,
    Failed = 1,
    Usage = 2,
    Unauthorized = 3,
    Forbidden = 4,
    NotFound = 5,
    Limited = 6,
    Unavailable = 7,
    /// 128 plus the number of SIGHUP, as in shells.
    HungUp = 129,
    /// 128 plus the number of SIGINT.
    Interrupted = 130,
    /// 128 plus the number of SIGTERM.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reader of our output has closed the pipe, as `head` does: not an error.
    PipeClosed,
    /// A signal has ended it.
    Interrupted(Signal),
    /// The arguments are wrong; the text is clap's, with its own `error:`.
    Arguments(String),
    /// A call failed.
    Call(Error),
    /// There is no credential.
    Credentials(CredentialsError),
    /// Anything else: what, why, and the exit code.
    Other { text: String, source: Option<Box<dyn StdError + Send + Sync>>, exit: Exit },
    /// One of several things failed: which, and why.
    Of { what: String, failure: Box<Failure> },
    /// Some of several things failed, which was reported already.
    Reported(Exit),
}

impl Failure {
    /// A failure that other arguments or settings would avoid.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Other { text: text.into(), source: None, exit: Exit::Usage }
    }

    /// A plain failure.
    pub(crate) fn other(text: impl Into<String>) -> Self {
        Self::Other { text: text.into(), source: None, exit: Exit::Failed }
    }

    /// A plain failure with its cause.
    pub(crate) fn caused_by(
        text: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Other { text: text.into(), source: Some(source.into()), exit: Exit::Failed }
    }

    /// The same failure, told with the name of what it is about.
    pub(crate) fn of(self, what: impl Into<String>) -> Self {
        Self::Of { what: what.into(), failure: Box::new(self) }
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::PipeClosed => Exit::Success,
            Self::Interrupted(Signal::Interrupt) => Exit::Interrupted,
            Self::Interrupted(Signal::Terminate) => Exit::Terminated,
            Self::Interrupted(Signal::HangUp) => Exit::HungUp,
            Self::Arguments(_) => Exit::Usage,
            Self::Call(error) => exit_of_call(error),
            Self::Credentials(error) => exit_of_credentials(error),
            Self::Other { exit, .. } | Self::Reported(exit) => *exit,
            Self::Of { failure, .. } => failure.exit(),
        }
    }

    /// What went wrong, on one line; empty when there is nothing to say.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::PipeClosed | Self::Reported(_) | Self::Arguments(_) => String::new(),
            Self::Interrupted(Signal::Interrupt) => "interrupted".to_owned(),
            Self::Interrupted(Signal::Terminate) => "terminated".to_owned(),
            Self::Interrupted(Signal::HangUp) => "the terminal has closed".to_owned(),
            Self::Call(error) => match error.credentials() {
                Some(credentials) => line_of_credentials(credentials),
                None => line_of_call(error),
            },
            Self::Credentials(error) => line_of_credentials(error),
            Self::Other { text, .. } => text.clone(),
            Self::Of { what, failure } => {
                let line = failure.line();
                if names(&line, what) { line } else { format!("{what}: {line}") }
            }
        }
    }

    /// The causes that the line leaves out, the nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        if let Self::Of { failure, .. } = self {
            return failure.causes();
        }
        let line = self.line();
        let mut next: Option<&dyn StdError> = match self {
            Self::Call(error) => error.source(),
            Self::Credentials(error) => error.source(),
            Self::Other { source, .. } => source.as_deref().map(|source| source as _),
            _ => None,
        };
        let mut causes: Vec<String> = Vec::new();
        while let Some(cause) = next {
            let text = cause.to_string();
            // Wrappers often repeat what they wrap.
            if !line.contains(&text) && causes.last() != Some(&text) {
                causes.push(text);
            }
            next = cause.source();
        }
        causes
    }

    /// What to do about it, if that can be said. `credential` tells where the credential came from.
    pub(crate) fn advice(&self, credential: &str) -> Option<String> {
        match self {
            Self::Call(error) => advice_on_call(error, credential),
            Self::Credentials(error) => advice_on_credentials(error.kind()),
            Self::Of { failure, .. } => failure.advice(credential),
            Self::Other { source: Some(source), .. } => advice_on_call(source.downcast_ref()?, credential),
            _ => None,
        }
    }
}

/// The exit code of several things, some of which have failed: that which all failures have in common, else 1.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Exits(Option<Exit>);

impl Exits {
    /// Counts a failure.
    pub(crate) fn add(&mut self, exit: Exit) {
        self.0 = Some(match self.0 {
            Some(known) if known != exit => Exit::Failed,
            _ => exit,
        });
    }

    /// Counts a failure, if it is one.
    pub(crate) fn add_if(&mut self, failed: bool, exit: Exit) {
        if failed {
            self.add(exit);
        }
    }

    /// A failure that was reported already, if there was one.
    pub(crate) fn result(self) -> Result<(), Failure> {
        self.0.map_or(Ok(()), |exit| Err(Failure::Reported(exit)))
    }
}

/// Whether a line has this word, and not only as a part of another one.
fn names(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/');
    line.match_indices(word).any(|(at, _)| {
        let (before, rest) = line.split_at(at);
        let after = rest.get(word.len()..).unwrap_or_default();
        !before.ends_with(joins) && !after.starts_with(joins)
    })
}

/// What is wrong with an argument or a setting is said without the call that it would have been for.
fn line_of_call(error: &Error) -> String {
    let text = error.to_string();
    let own = [ErrorKind::Config, ErrorKind::Request, ErrorKind::Insecure, ErrorKind::ForeignOrigin];
    if !own.contains(&error.kind()) {
        return text;
    }
    let plain =
        text.strip_prefix(error.operation()).and_then(|text| text.strip_prefix(": ")).unwrap_or(&text);
    let begins = [
        "the client is misconfigured: ",
        "the client is misconfigured; ",
        "the request cannot be written: ",
        "the request cannot be written; ",
    ];
    let plain = begins.iter().find_map(|begin| plain.strip_prefix(begin)).unwrap_or(plain);
    match error.find() {
        // What is advised there is for programs.
        Some(wrong @ IdError::NotUuid { kind, .. }) => {
            let what = kind.trim_end_matches("Id").to_ascii_lowercase();
            plain.replace(&wrong.to_string(), &invalid_id(&what))
        }
        _ => plain.to_owned(),
    }
}

/// What is wrong with a key, a password or its file is said with the causes.
fn line_of_credentials(error: &CredentialsError) -> String {
    if error.kind() == CredentialsErrorKind::Invalid { with_causes(error) } else { error.to_string() }
}

/// An error with all causes that it does not tell itself.
pub(crate) fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        next = cause.source();
    }
    line
}

fn exit_of_call(error: &Error) -> Exit {
    if let Some(error) = error.credentials() {
        return exit_of_credentials(error);
    }
    match error.kind() {
        ErrorKind::Credentials => Exit::Unauthorized,
        ErrorKind::Config | ErrorKind::Insecure | ErrorKind::ForeignOrigin => Exit::Usage,
        ErrorKind::Unauthorized { .. } => Exit::Unauthorized,
        ErrorKind::Forbidden => Exit::Forbidden,
        ErrorKind::NotFound | ErrorKind::Gone => Exit::NotFound,
        ErrorKind::Locked | ErrorKind::RateLimited => Exit::Limited,
        ErrorKind::Connect | ErrorKind::NotSent | ErrorKind::Interrupted => Exit::Unavailable,
        ErrorKind::Timeout(_) | ErrorKind::Unavailable => Exit::Unavailable,
        _ => Exit::Failed,
    }
}

fn exit_of_credentials(error: &CredentialsError) -> Exit {
    use CredentialsErrorKind as Kind;
    match error.kind() {
        Kind::NotConfigured | Kind::Refused | Kind::SessionExpired => Exit::Unauthorized,
        Kind::Inactive => Exit::Forbidden,
        Kind::Locked => Exit::Limited,
        Kind::Unavailable if error.status().is_some_and(|status| status.as_u16() == 429) => Exit::Limited,
        Kind::Unavailable | Kind::TimedOut | Kind::Interrupted => Exit::Unavailable,
        Kind::Invalid | Kind::Insecure | Kind::ForeignOrigin => Exit::Usage,
        _ => Exit::Failed,
    }
}

fn advice_on_call(error: &Error, credential: &str) -> Option<String> {
    if let Some(last) = error.last_failure() {
        return advice_on_call(last, credential);
    }
    if let Some(FileUploadError::UnknownLength { .. }) = error.find() {
        return Some("pipe it: `edgequake-cli documents upload - --name NAME < FILE`".to_owned());
    }
    Some(match error.kind() {
        ErrorKind::Credentials => return advice_on_credentials(error.credentials()?.kind()),
        ErrorKind::Insecure => PLAIN_HTTP.to_owned(),
        ErrorKind::Unauthorized { configured: false, .. } => LOG_IN.to_owned(),
        ErrorKind::Unauthorized { .. } => {
            format!("the credential comes from {credential}; it may be mistyped, expired or revoked")
        }
        ErrorKind::Forbidden if error.is_bound_elsewhere() => {
            "create a key with `edgequake-cli api-keys create`, without a tenant and a workspace of your own, and give it \
             with EDGEQUAKE_API_KEY"
                .to_owned()
        }
        ErrorKind::Forbidden => {
            format!(
                "the credential from {credential} lacks the role, the key scope or the membership for this"
            )
        }
        ErrorKind::NotFound if in_workspace(error) => {
            "if it is in another workspace, name that one with --tenant and --workspace".to_owned()
        }
        // Of this machine.
        ErrorKind::Connect if error.find::<TooManyOpenFiles>().is_some() => return None,
        ErrorKind::Connect => {
            "is the server running there? --base-url or EDGEQUAKE_BASE_URL sets another address".to_owned()
        }
        ErrorKind::Timeout(_) => "--timeout SECONDS allows more time".to_owned(),
        _ => return None,
    })
}

/// Whether the call was about something that belongs to a workspace.
fn in_workspace(error: &Error) -> bool {
    let text = error.to_string();
    ["/api/v1/documents", "/api/v1/tasks"].iter().any(|path| text.starts_with(path))
}

const LOG_IN: &str =
    "log in with `edgequake-cli login`, or give a key with EDGEQUAKE_API_KEY or --api-key-file";
const PLAIN_HTTP: &str = "use https, or --allow-http if the network in between can be trusted";

fn advice_on_credentials(kind: CredentialsErrorKind) -> Option<String> {
    use CredentialsErrorKind as Kind;
    let text = match kind {
        Kind::NotConfigured => LOG_IN,
        Kind::SessionExpired => "log in again with `edgequake-cli login`",
        Kind::Refused => {
            "be careful with further attempts: the server locks an account after a few wrong passwords"
        }
        Kind::Insecure => PLAIN_HTTP,
        _ => return None,
    };
    Some(text.to_owned())
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        Self::Credentials(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::caused_by(error.to_string(), error)
    }
}

/// A failure to write to stdout.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::PipeClosed
        } else {
            Self::caused_by(format!("cannot write to stdout: {error}"), error)
        }
    }
}
