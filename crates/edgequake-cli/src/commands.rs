//! The commands, by resource. Each takes its arguments, makes its calls and writes the results.

mod each;
mod api_keys;
mod documents;
mod pipeline;
mod query;
mod raw;
mod session;
mod status;
mod tasks;
mod tenants;
mod users;
mod workspaces;

use edgequake_types::{Decode, Paginated};
use serde::Serialize;

use crate::args::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Table;

/// Runs a command.
pub(crate) async fn run(command: Command, cx: &mut Context, input: Input) -> Result<(), Failure> {
    match command {
        Command::Login(login) => session::login(cx, login, input).await,
        Command::Logout => session::logout(cx).await,
        Command::Whoami => session::whoami(cx).await,
        Command::Status => status::run(cx).await,
        Command::ApiKeys(command) => api_keys::run(cx, command).await,
        Command::Documents(command) => documents::run(cx, command).await,
        Command::Query(query) => query::run(cx, query, input).await,
        Command::Tasks(command) => tasks::run(cx, command).await,
        Command::Pipeline(command) => pipeline::run(cx, command).await,
        Command::Workspaces(command) => workspaces::run(cx, command).await,
        Command::Tenants(command) => tenants::run(cx, command).await,
        Command::Users(command) => users::run(cx, command, input).await,
        Command::Raw(raw) => raw::run(cx, raw, input).await,
        // Printed before anything is read or connected.
        Command::Completions(_) => Ok(()),
    }
}

/// What to show of a list.
struct Listing<'a, I> {
    header: &'static [&'static str],
    /// The columns that a narrow terminal need not have, the first to be left out first.
    optional: &'static [&'static str],
    /// The row of an element; `None` leaves it out.
    row: &'a dyn Fn(&I) -> Option<Vec<String>>,
    all: bool,
}

/// Shows a list page by page, so that the reader may stop at any time. Returns how many elements were shown.
async fn list<E>(cx: &mut Context, request: E, listing: Listing<'_, E::Item>) -> Result<usize, Failure>
where
    E: Paginated + Clone + 'static,
    E::Response: Decode + Send,
    E::Item: Serialize,
{
    let mut pages = cx.client.send(request.clone()).pages();
    let mut table = Table::new(listing.header).optional(listing.optional);
    let (mut shown, mut opened, mut more) = (0, false, false);
    while let Some(page) = pages.next().await {
        let page = page?;
        if cx.out.is_json() && !opened {
            cx.out.open_list()?;
        }
        opened = true;
        more = !listing.all && request.next(&page).is_some();
        for item in E::items(page) {
            let Some(row) = (listing.row)(&item) else { continue };
            shown += 1;
            if cx.out.is_json() {
                cx.out.element(&item)?;
            } else {
                table.row(row);
            }
        }
        if !cx.out.is_json() {
            table.write(&mut cx.out)?;
        }
        // Ends here if the pipe is closed, before the next page is asked for.
        cx.out.flush()?;
        if !listing.all {
            break;
        }
    }
    if cx.out.is_json() {
        cx.out.close_list()?;
    }
    cx.out.flush()?;
    if more {
        cx.notes.hint("there is more: --all shows everything");
    }
    Ok(shown)
}

/// A list of words, separated by commas.
fn comma_separated<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}

/// A value as text; empty where there is none.
fn or_empty<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// How many of something there are, in words.
fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
