//! The providers that need no session: keys from different places, nothing at all, and the chain over them.

mod anonymous;
mod chain;
mod dotenv;
mod env;
mod key;
mod secret_file;
mod password;
mod configured;
mod key_file;
mod program;
mod reload;
mod static_key;
mod turn;

pub use anonymous::Anonymous;
pub use chain::{Chain, ChainBuilder};
pub use dotenv::{DotEnv, DotEnvKey};
pub use env::Env;
pub use key_file::KeyFile;
pub use password::Password;
pub use program::Program;
pub use secret_file::SecretFile;
pub use static_key::StaticKey;
