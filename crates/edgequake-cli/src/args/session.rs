//! The arguments of `login`.

/// Log in and keep the session for later commands.
///
/// The password comes from --password-stdin, EDGEQUAKE_PASSWORD, the file that
/// EDGEQUAKE_PASSWORD_FILE names, or a prompt. It is not kept: later commands use the
/// session and renew it when its token expires.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Login {
    /// User name or e-mail address; default: EDGEQUAKE_USERNAME, or a prompt
    #[arg(value_name = "IDENTIFIER")]
    pub(crate) identifier: Option<String>,
    /// Read the password from stdin
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Where the session is kept
    #[arg(long, value_name = "PLACE", default_value = "file")]
    pub(crate) store: StoreKind,
}

/// The two kinds of places for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum StoreKind {
    /// A file that only you can read
    File,
    /// The keyring of the operating system
    Keyring,
}
