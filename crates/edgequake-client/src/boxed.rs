//! [`BoxError`] and `BoxFuture`: what is kept behind a pointer.

use std::pin::Pin;

/// A boxed error, as tower uses it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
