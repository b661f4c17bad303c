//! [`each`]: one call for each of several things, a few at a time. What becomes of each is told in the order in which they were given,
//! and failures name what they are about.

use std::collections::HashSet;
use std::fmt::Display;
use std::future::Future;
use std::hash::Hash;

use edgequake_client::Client;
use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Exits, Failure};

/// How many calls are made at once.
const AT_ONCE: usize = 6;

/// Calls for each, once where it was given several times, and shows the answers. A failure does not stop the others, unless it would
/// hit them as well; the exit code is that of all failures, or 1 where they differ. `key` is what an id is called in JSON.
pub(super) async fn each<I, T, F>(
    cx: &mut Context,
    key: &str,
    ids: Vec<I>,
    call: impl Fn(Client, I) -> F,
    mut show: impl FnMut(&mut Context, &I, T) -> Result<(), Failure>,
) -> Result<(), Failure>
where
    I: Display + Clone + Eq + Hash,
    F: Future<Output = Result<T, Failure>>,
{
    let client = cx.client.clone();
    let calls = stream::iter(once(ids)).map(|id| {
        let answer = call(client.clone(), id.clone());
        async move { (id, answer.await) }
    });
    let mut answers = std::pin::pin!(calls.buffered(AT_ONCE));
    let mut exits = Exits::default();
    while let Some((id, answer)) = answers.next().await {
        let shown = answer.and_then(|answer| show(cx, &id, answer));
        if let Err(failure) = shown {
            exits.add(failed(cx, key, &id, failure)?);
        }
        // The next answer may take its time.
        cx.out.flush()?;
    }
    exits.result()
}

/// The ids without those that come again.
pub(super) fn once<I: Clone + Eq + Hash>(mut ids: Vec<I>) -> Vec<I> {
    let mut known = HashSet::new();
    ids.retain(|id| known.insert(id.clone()));
    ids
}

/// What a failed call was about, for the failure to name it, unless it would hit anything else as well.
pub(super) fn about<E: Into<Failure>>(id: impl Display) -> impl FnOnce(E) -> Failure {
    move |error| {
        let failure = error.into();
        if hits_all(&failure) { failure } else { failure.of(id.to_string()) }
    }
}

fn hits_all(failure: &Failure) -> bool {
    matches!(failure, Failure::PipeClosed) || matches!(failure.exit(), Exit::Unauthorized | Exit::Usage)
}

/// Tells what went wrong with one of several things, and gives the exit code. A failure that would hit all others is given back.
pub(super) fn failed(
    cx: &mut Context,
    key: &str,
    id: &impl Display,
    failure: Failure,
) -> Result<Exit, Failure> {
    let exit = failure.exit();
    if hits_all(&failure) {
        return Err(failure);
    }
    let failure = failure.of(id.to_string());
    if cx.out.is_json() {
        let mut line = json!({ "error": failure.line(), "exit_code": exit as u8 });
        if let Some(fields) = line.as_object_mut() {
            fields.insert(key.to_owned(), id.to_string().into());
        }
        cx.out.json_line(&line)?;
    }
    // What was printed before stands above it, where both go to one terminal.
    cx.out.flush()?;
    cx.notes.failure(&failure, &cx.credential.to_string());
    Ok(exit)
}
