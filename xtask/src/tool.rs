//! Cargo subcommands that a command needs: a pinned version, installed below the target folder and nowhere else.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::command::{cargo, run};
use crate::failure::Result;
use crate::workspace::Workspace;

/// A tool from the registry.
pub(crate) struct Tool {
    /// The name of the package and of its binary.
    pub(crate) name: &'static str,
    /// The exact version.
    pub(crate) version: &'static str,
    /// The profile it is built with.
    pub(crate) profile: &'static str,
}

impl Tool {
    /// The binary, installed first if it is absent or of another version. Whoever asks while it is being installed waits for that.
    pub(crate) fn binary(&self, workspace: &Workspace) -> Result<PathBuf> {
        static INSTALLING: Mutex<()> = Mutex::new(());
        let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        let Self { name, version, profile } = self;
        let root = workspace.target.join("tools");
        let binary = root.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if self.is_there(&binary) {
            return Ok(binary);
        }
        println!("installing {name} {version}");
        let mut install = cargo(["install", name, "--version", version, "--locked", "--quiet", "--force"]);
        install.args(["--profile", profile, "--root"]).arg(&root);
        // Its own throw-away build folder, and no debug information in a tool that we only run.
        install.env_remove("CARGO_TARGET_DIR").env("CARGO_PROFILE_DEV_DEBUG", "0");
        run(&mut install)?;
        Ok(binary)
    }

    /// Whether `binary` says that it is the pinned version.
    fn is_there(&self, binary: &PathBuf) -> bool {
        let output = Command::new(binary).arg("--version").stderr(Stdio::null()).output();
        output.is_ok_and(|output| {
            output.status.success()
                && String::from_utf8_lossy(&output.stdout).split_whitespace().any(|word| word == self.version)
        })
    }
}
