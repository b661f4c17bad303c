//! How an [`Error`] reads: one line that says what is wrong and what to do, and the causes that it leaves out.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};

use edgequake_auth::LONGEST_WAIT;

use super::{Error, ErrorKind};
use crate::boxed::BoxError;
use crate::fault::find;
use crate::layers::retry::Retried;
use crate::transport::{ConnectionLimitReached, ProxyError, TransportError, TunnelError};

/// The cause that the line of an error tells.
struct Told<'a> {
    cause: &'a (dyn StdError + 'static),
    /// With all of its own causes, which are short and to the point.
    whole: bool,
}

impl Error {
    fn told(&self) -> Option<Told<'_>> {
        use edgequake_auth::CredentialsErrorKind as Credentials;
        if let Some(cause) = self.credentials() {
            let whole = matches!(cause.kind(), Credentials::Store | Credentials::Invalid);
            return Some(Told { cause, whole });
        }
        let source: &BoxError = self.0.source.as_ref()?;
        let whole = match self.0.kind {
            ErrorKind::Config | ErrorKind::Request | ErrorKind::Paging => true,
            ErrorKind::Insecure | ErrorKind::ForeignOrigin | ErrorKind::Decode | ErrorKind::Other => false,
            ErrorKind::Connect => {
                let tunnel = find::<TunnelError>(&**source).map(|cause| cause as &(dyn StdError + 'static));
                let proxy = || find::<ProxyError>(&**source).map(|cause| cause as &(dyn StdError + 'static));
                return Some(Told { cause: tunnel.or_else(proxy)?, whole: false });
            }
            ErrorKind::NotSent => {
                let cause = find::<ConnectionLimitReached>(&**source)?;
                return Some(Told { cause, whole: false });
            }
            _ => return None,
        };
        // How many attempts there were is told anyway.
        let cause = match source.downcast_ref::<Retried>() {
            Some(retried) => &*retried.source as &(dyn StdError + 'static),
            None => &**source,
        };
        Some(Told { cause, whole })
    }

    fn write_what(&self, f: &mut Line<'_, '_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(status) = inner.status {
            return write!(f, "{status}");
        }
        if let Some(failure) = &inner.processing {
            return write!(f, "{failure}");
        }
        let told = self.told();
        let sentence = match inner.kind {
            ErrorKind::Config => false,
            ErrorKind::Insecure | ErrorKind::ForeignOrigin | ErrorKind::NotSent => true,
            _ => self.credentials().is_some(),
        };
        match told {
            Some(told) if sentence => told.write(f)?,
            told => {
                inner.kind.write(f, inner.server.as_deref())?;
                if let Some(told) = told {
                    f.write_str(": ")?;
                    // What is wrong where comes before why.
                    if let Some(note) = inner.note.as_ref().filter(|_| self.is_note_of_cause()) {
                        write!(f, "{note}: ")?;
                    }
                    told.write(f)?;
                }
            }
        }
        self.write_refusal_of_login(f)
    }

    /// Whether the note says which setting or field the cause is about.
    fn is_note_of_cause(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Config | ErrorKind::Request) && self.told().is_some()
    }

    /// What the server answered to a login or refresh.
    fn write_refusal_of_login(&self, f: &mut Line<'_, '_>) -> fmt::Result {
        let Some((error, status)) = self.credentials().and_then(|error| Some((error, error.status()?)))
        else {
            return Ok(());
        };
        let message =
            error.message().filter(|text| !text.is_empty() && status.canonical_reason() != Some(text));
        match (error.to_string().contains(status.as_str()), message) {
            (true, None) => Ok(()),
            (true, Some(message)) => write!(f, " ({message})"),
            (false, None) => write!(f, " ({status})"),
            (false, Some(message)) => write!(f, " ({status}: {message})"),
        }
    }
}

impl Told<'_> {
    fn write(&self, f: &mut Line<'_, '_>) -> fmt::Result {
        let mut told = self.cause.to_string();
        f.write_str(&told)?;
        told.make_ascii_lowercase();
        let mut next = self.cause.source().filter(|_| self.whole);
        while let Some(cause) = next {
            let text = cause.to_string();
            let mut words = text.split(" (os error").next().unwrap_or_default().to_owned();
            words.make_ascii_lowercase();
            // Wrappers often repeat what they wrap.
            if !told.contains(&words) {
                write!(f, ": {text}")?;
                told.push_str(&words);
            }
            next = cause.source();
        }
        Ok(())
    }
}

/// Whether a cause says only what the kind of the error and the number of attempts say already.
fn says_nothing_new(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<Retried>()
        || cause.is::<edgequake_auth::TransportError>()
        || matches!(
            cause.downcast_ref(),
            Some(TransportError::Connect(_) | TransportError::Limit(_) | TransportError::Exchange(_))
        )
}

/// Writes on one line, whatever the texts of others have in them.
struct Line<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Line<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            let plain = part.trim_end_matches(char::is_control);
            self.0.write_str(plain)?;
            if plain.len() < part.len() {
                self.0.write_char(' ')?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let f = &mut Line(f);
        if !inner.operation.is_empty() {
            write!(f, "{}: ", inner.operation)?;
        }
        self.write_what(f)?;
        if let Some(body) = &inner.body {
            // The phrase of the status says nothing new.
            let phrase = inner.status.and_then(|status| status.canonical_reason());
            if !body.message.is_empty() && phrase != Some(&body.message) {
                write!(f, ": {}", body.message)?;
            }
            if !body.code.is_empty() {
                write!(f, " [{}]", body.code)?;
            }
        }
        if let Some(note) = inner.note.as_ref().filter(|_| !self.is_note_of_cause()) {
            write!(f, "; {note}")?;
        }
        if let Some(wait) = self.retry_after() {
            if wait >= LONGEST_WAIT {
                write!(f, "; retry after more than {} days", LONGEST_WAIT.as_secs() / 86_400)?;
            } else {
                write!(f, "; retry after {} s", wait.as_secs_f64().ceil())?;
            }
        }
        if inner.attempts > 1 {
            write!(f, "; {} attempts", inner.attempts)?;
        }
        if let Some(id) = self.request_id() {
            write!(f, "; request {id}")?;
        }
        Ok(())
    }
}

/// As a program shows it that returns it from `main`: the line, and the causes that it leaves out. `{:#?}` is the structure.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return f
                .debug_struct("Error")
                .field("kind", &self.0.kind)
                .field("text", &format_args!("{self}"))
                .field("source", &self.0.source)
                .finish();
        }
        write!(f, "{self}")?;
        let mut next = self.source();
        if next.is_some() {
            f.write_str("\n\nCaused by:")?;
        }
        while let Some(cause) = next {
            write!(f, "\n    {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    /// The first cause that `Display` leaves out.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let mut next = match self.told() {
            Some(Told { whole: true, .. }) => None,
            Some(told) => told.cause.source(),
            None => self.0.source.as_deref().map(|source| source as _),
        };
        while let Some(cause) = next.filter(|cause| says_nothing_new(*cause)) {
            next = cause.source();
        }
        next
    }
}
