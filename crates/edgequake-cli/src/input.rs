//! [`Input`]: what a command needs from people, pipes and files. Gathered before anything is sent, while nothing else waits.

use std::io::{IsTerminal, Read};
use std::path::Path;

use edgequake_auth::Password;
use edgequake_types::Secret;

use crate::args::{Command, documents, users, workspaces};
use crate::context::Context;
use crate::failure::Failure;
use crate::settings::Settings;

/// What was given besides arguments.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// Name or e-mail address of a login.
    pub(crate) identifier: String,
    /// The password of a login.
    pub(crate) password: Option<Password>,
    /// The password of a new account.
    pub(crate) new_password: Secret,
    /// A question from stdin.
    pub(crate) question: Option<String>,
    /// The body of a request.
    pub(crate) body: Option<Vec<u8>>,
}

/// Longer than any password: more than this is the wrong file.
const LONGEST_PASSWORD: u64 = 4_096;

impl Input {
    /// Reads what `command` needs, and asks for it.
    pub(crate) fn gather(command: &Command, cx: &Context, settings: &Settings) -> Result<Self, Failure> {
        let mut input = Self::default();
        match command {
            Command::Login(login) => {
                let (identifier, password) = configured_login(login.identifier.as_deref(), settings)?;
                input.password = Some(match password {
                    _ if login.password_stdin => password_from_stdin()?.into(),
                    Some(password) => password,
                    None => ask_password(&format!("Password of {identifier}: "))?.into(),
                });
                input.identifier = identifier;
            }
            Command::Users(users::Command::Create(user)) => {
                input.new_password =
                    if user.password_stdin { password_from_stdin()? } else { new_password()? };
            }
            Command::Workspaces(workspaces::Command::Delete(delete)) if !delete.yes => {
                let tenant = cx.tenant().map(|tenant| format!(" of tenant {tenant}")).unwrap_or_default();
                confirm(&format!("Delete workspace {}{tenant} with all its documents?", delete.named))?;
            }
            Command::Documents(documents::Command::DeleteAll(delete)) if !delete.yes => {
                // As the request will name it.
                let named = cx.workspace().map(|workspace| format!("workspace {workspace}"));
                let workspace = named.unwrap_or("the server's default workspace".to_owned());
                confirm(&format!("Delete all documents of {workspace}?"))?;
            }
            Command::Query(query) if query.text == "-" => input.question = Some(question_from_stdin()?),
            Command::Raw(raw) => input.body = raw.data.as_deref().map(body).transpose()?,
            _ => {}
        }
        Ok(input)
    }
}

/// The name to log in with, and the password that is configured for it: the server counts wrong passwords.
fn configured_login(given: Option<&str>, settings: &Settings) -> Result<(String, Option<Password>), Failure> {
    let (name, password) = match (given.map(str::trim), settings.login()?) {
        (Some(name), _) => (name.to_owned(), settings.password_of(name)?),
        (None, Some((name, password))) => (name, Some(password)),
        (None, None) => match settings.user_name()? {
            Some(name) => (name, None),
            None => {
                let name = ask("User name or e-mail address: ", "give a name, or set EDGEQUAKE_USERNAME")?;
                let name = name.trim().to_owned();
                let password = settings.password_of(&name)?;
                (name, password)
            }
        },
    };
    if name.is_empty() {
        Err(Failure::usage("the name to log in with is empty"))
    } else {
        Ok((name, password))
    }
}

/// Stdin up to its end, without the line end that `echo` and most editors add.
fn password_from_stdin() -> Result<Secret, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(LONGEST_PASSWORD + 1).read_to_string(&mut text);
    let text = Secret::new(text);
    read.map_err(|error| Failure::caused_by("cannot read the password from stdin", error))?;
    if text.expose().len() as u64 > LONGEST_PASSWORD {
        return Err(Failure::usage(format!("the password on stdin is longer than {LONGEST_PASSWORD} bytes")));
    }
    let line = text.expose().strip_suffix('\n').unwrap_or(text.expose());
    let line = line.strip_suffix('\r').unwrap_or(line);
    not_empty(Secret::new(line))
}

fn question_from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Failure::caused_by("cannot read the question from stdin", error))?;
    if text.trim().is_empty() {
        Err(Failure::usage("the question on stdin is empty"))
    } else {
        Ok(text.trim().to_owned())
    }
}

fn new_password() -> Result<Secret, Failure> {
    let hint = "pass the password on stdin, with --password-stdin";
    let first = ask_hidden("Password of the new account: ", hint)?;
    if ask_hidden("The same password again: ", hint)? != first {
        return Err(Failure::other("the two passwords differ"));
    }
    not_empty(first)
}

fn ask_password(prompt: &str) -> Result<Secret, Failure> {
    let hint = "set EDGEQUAKE_PASSWORD, or pass the password on stdin, with --password-stdin";
    not_empty(ask_hidden(prompt, hint)?)
}

fn not_empty(password: Secret) -> Result<Secret, Failure> {
    if password.is_empty() { Err(Failure::usage("the password is empty")) } else { Ok(password) }
}

fn ask_hidden(prompt: &str, hint: &str) -> Result<Secret, Failure> {
    require_terminal(hint)?;
    let config = rpassword::ConfigBuilder::new().output_discard().build();
    eprompt(prompt);
    let read = rpassword::read_password_with_config(config);
    eprompt("\n");
    read.map(Secret::new).map_err(|error| Failure::caused_by("cannot read the password", error))
}

fn ask(prompt: &str, hint: &str) -> Result<String, Failure> {
    require_terminal(hint)?;
    eprompt(prompt);
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.map(|_| line).map_err(|error| Failure::caused_by("cannot read the answer", error))
}

/// Ends the command unless somebody says yes.
fn confirm(question: &str) -> Result<(), Failure> {
    let answer = ask(&format!("{question} Type yes: "), "--yes deletes without asking")?;
    if answer.trim() == "yes" { Ok(()) } else { Err(Failure::other("not deleted")) }
}

/// Questions go to stderr: stdout is for data.
fn eprompt(text: &str) {
    use std::io::Write as _;
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

fn require_terminal(hint: &str) -> Result<(), Failure> {
    if std::io::stdin().is_terminal() {
        Ok(())
    } else {
        Err(Failure::usage(format!("there is no terminal to ask on: {hint}")))
    }
}

/// `-` is stdin, `@path` a file, and anything else the body itself.
fn body(data: &str) -> Result<Vec<u8>, Failure> {
    let unreadable =
        |what: &str, error: std::io::Error| Failure::caused_by(format!("cannot read {what}: {error}"), error);
    if data == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| unreadable("stdin", error))?;
        Ok(bytes)
    } else if let Some(path) = data.strip_prefix('@') {
        std::fs::read(Path::new(path)).map_err(|error| unreadable(path, error))
    } else {
        Ok(data.as_bytes().to_vec())
    }
}
