//! Retries: what is repeated, how often, and with which pauses.
