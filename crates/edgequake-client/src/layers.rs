//! Tower layers, each usable alone in any `ServiceBuilder` over any `Service<http::Request<B>>`.
//!
//! Their order, outermost first, is written down in [`stack`](crate::stack) and nowhere else; each module says where its layer
//! must stand and why.

pub(crate) mod at_once;
pub mod auth;
#[cfg(feature = "compression")]
pub mod decompression;
pub mod error_body;
pub mod guard;
mod replay;
pub mod retry;
pub mod scope;
pub mod timeout;
pub mod trace;
pub mod trace_context;
pub mod unauthorized;
