//! Dev server.
