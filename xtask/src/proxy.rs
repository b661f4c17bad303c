//! `cargo xtask proxy`: the client through nginx (TLS, HTTP/2, gzip) and tinyproxy (tunnels, forwarding), as Debian has them.
//!
//! The programs are those of the machine or, where there are none, are unpacked from Debian's packages below the target folder:
//! nothing is installed, and no service is started. What they do is in the test that is run, `real_proxies` of the client,
//! which starts and stops them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lexopt::Parser;

use crate::command::{cargo, output, run as run_command};
use crate::failure::{During, Failure, Result};
use crate::limit::{self, End};
use crate::workspace::Workspace;

/// Far more than the test takes.
const LIMIT: Duration = Duration::from_secs(180);

/// A program that is needed.
struct Program {
    name: &'static str,
    /// Debian's package.
    package: &'static str,
    /// Where the package has it.
    path: &'static str,
    /// How the test is told.
    variable: &'static str,
}

const PROGRAMS: [Program; 2] = [
    Program { name: "nginx", package: "nginx", path: "usr/sbin/nginx", variable: "EDGEQUAKE_TEST_NGINX" },
    Program {
        name: "tinyproxy",
        package: "tinyproxy-bin",
        path: "usr/bin/tinyproxy",
        variable: "EDGEQUAKE_TEST_TINYPROXY",
    },
];

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    let workspace = Workspace::load()?;
    let test = ["test", "--quiet", "--package", "edgequake-client", "--test", "it"];
    run_command(cargo(test).arg("--no-run").current_dir(&workspace.root))?;
    let mut command = cargo(test);
    command.args(["real_proxies", "--", "--ignored", "--nocapture"]).current_dir(&workspace.root);
    for program in &PROGRAMS {
        command.env(program.variable, program.find(&workspace.target.join("xtask/proxy"))?);
    }
    match limit::run(&mut command, LIMIT)? {
        End::Exited(status) if status.success() => Ok(()),
        End::Exited(status) => Err(Failure::new(format!("the test failed: {status}"))),
        End::Killed => Err(Failure::new(format!("the test was killed after {} s", LIMIT.as_secs()))),
    }
}

impl Program {
    /// The machine's own, or the one unpacked into `folder`.
    fn find(&self, folder: &Path) -> Result<PathBuf> {
        let mut places = vec![PathBuf::from("/").join(self.path), folder.join(self.path)];
        let there = |places: &[PathBuf]| places.iter().find(|place| place.is_file()).cloned();
        if let Some(found) = there(&places) {
            return Ok(found);
        }
        println!("unpacking Debian's {}", self.package);
        self.unpack(folder)?;
        there(&places.split_off(1)).ok_or_else(|| {
            Failure::new(format!("the package {} has no {}; install {}", self.package, self.path, self.name))
        })
    }

    fn unpack(&self, folder: &Path) -> Result<()> {
        let packages = folder.join("packages");
        std::fs::create_dir_all(&packages).during("making the folder for packages")?;
        let mut download = Command::new("apt-get");
        download.args(["download", self.package]).current_dir(&packages);
        if run_command(download.stdout(Stdio::null())).is_err() {
            // The lists of packages may be absent or old.
            run_command(Command::new("apt-get").arg("update").stdout(Stdio::null()))?;
            run_command(&mut download)?;
        }
        let start = format!("{}_", self.package);
        for entry in std::fs::read_dir(&packages).during("reading the folder for packages")? {
            let path = entry.during("reading the folder for packages")?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&start)) {
                output(Command::new("dpkg").arg("-x").arg(&path).arg(folder))?;
            }
        }
        Ok(())
    }
}
