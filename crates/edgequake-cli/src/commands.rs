//! The commands, by resource. Each takes its arguments, makes its calls and writes what came of them.

pub(crate) mod api_keys;
pub(crate) mod documents;
pub(crate) mod query;
pub(crate) mod raw;
pub(crate) mod session;
mod status;
pub(crate) mod tasks;
pub(crate) mod tenants;
mod upload;
pub(crate) mod users;
pub(crate) mod workspaces;

use edgequake_types::{Decode, Paginated, Timestamp};
use serde::Serialize;

use crate::cli::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Table;

/// Does what is asked for.
pub(crate) async fn run(command: Command, cx: &mut Context, input: Input) -> Result<(), Failure> {
    match command {
        Command::Login(login) => login.run(cx, input).await,
        Command::Logout => session::logout(cx).await,
        Command::Whoami => session::whoami(cx).await,
        Command::Status => status::run(cx).await,
        Command::ApiKeys(command) => command.run(cx).await,
        Command::Documents(command) => command.run(cx).await,
        Command::Query(query) => query.run(cx).await,
        Command::Tasks(command) => command.run(cx).await,
        Command::Workspaces(command) => command.run(cx).await,
        Command::Tenants(command) => command.run(cx).await,
        Command::Users(command) => command.run(cx, input).await,
        Command::Raw(raw) => raw.run(cx, input).await,
    }
}

/// How much of a list is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Paging {
    /// Show all pages, not only the first one
    #[arg(long)]
    all: bool,
}

/// What to show of a list.
struct Listing<'a, I> {
    head: &'static [&'static str],
    /// The row of an element; `None` leaves it out.
    row: &'a dyn Fn(&I) -> Option<Vec<String>>,
    all: bool,
}

/// Shows a list, page by page as they come, so that whoever reads it may stop at any time. Gives how many elements were shown.
async fn list<E>(cx: &mut Context, request: E, listing: Listing<'_, E::Item>) -> Result<usize, Failure>
where
    E: Paginated + Clone + 'static,
    E::Response: Decode + Send,
    E::Item: Serialize,
{
    let mut pages = cx.client.send(request.clone()).pages();
    let mut table = Table::new(listing.head);
    let (mut shown, mut begun, mut more) = (0, false, false);
    while let Some(page) = pages.next().await {
        let page = page?;
        if cx.out.is_json() && !begun {
            cx.out.open_list()?;
        }
        begun = true;
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
        // Finds out whether anybody still reads, before the next page is asked for.
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

/// A time as the server wrote it; empty where there is none.
fn time(at: Option<&Timestamp>) -> String {
    at.map(|at| at.as_str().to_owned()).unwrap_or_default()
}

/// The words of a list, separated by commas.
fn words<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}

/// A text that may be missing.
fn text<T: ToString>(text: Option<&T>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}
