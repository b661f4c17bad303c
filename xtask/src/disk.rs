//! `cargo xtask disk`: the file store on disks that fail, are full, read-only, of another kind, or another user's.
//!
//! `strace` makes each of the store's system calls fail once, with each error that it may have. What takes root (mounts, other
//! users) is skipped with a line that says so where it cannot be had. What is done is in the test that is run, `disk` of
//! `edgequake-auth`.

use std::time::Duration;

use lexopt::Parser;

use crate::command::{cargo, run as run_command};
use crate::debian::Program;
use crate::failure::{Failure, Result};
use crate::limit::{self, End};
use crate::workspace::Workspace;

/// Far more than the test takes.
const LIMIT: Duration = Duration::from_secs(1800);

const STRACE: Program = Program {
    name: "strace",
    packages: &["strace", "libunwind8"],
    path: "usr/bin/strace",
    variable: "EDGEQUAKE_TEST_STRACE",
};

/// For a file system without hard links; the kernel's own FAT is tried, too.
const EXFAT: [Program; 3] = [
    Program {
        name: "mount.exfat-fuse",
        packages: &["exfat-fuse", "libfuse2"],
        path: "sbin/mount.exfat-fuse",
        variable: "EDGEQUAKE_TEST_EXFAT",
    },
    Program {
        name: "mkfs.exfat",
        packages: &["exfatprogs"],
        path: "usr/sbin/mkfs.exfat",
        variable: "EDGEQUAKE_TEST_MKFS_EXFAT",
    },
    Program {
        name: "mkfs.vfat",
        packages: &["dosfstools"],
        path: "sbin/mkfs.vfat",
        variable: "EDGEQUAKE_TEST_MKFS_VFAT",
    },
];

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    let workspace = Workspace::load()?;
    let folder = workspace.target.join("xtask/disk");
    let test = ["test", "--quiet", "--package", "edgequake-auth", "--test", "disk"];
    run_command(cargo(test).arg("--no-run").current_dir(&workspace.root))?;
    let mut command = cargo(test);
    command.args(["--", "--include-ignored", "--nocapture"]).current_dir(&workspace.root);
    STRACE.tell(&mut command, &folder)?;
    for program in &EXFAT {
        if let Err(failure) = program.tell(&mut command, &folder) {
            println!("going on without {}: {failure}", program.name);
        }
    }
    match limit::run(&mut command, LIMIT)? {
        End::Exited(status) if status.success() => Ok(()),
        End::Exited(status) => Err(Failure::new(format!("the test failed: {status}"))),
        End::Killed => Err(Failure::new(format!("the test was killed after {} s", LIMIT.as_secs()))),
    }
}
