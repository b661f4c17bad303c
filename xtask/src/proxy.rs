//! `cargo xtask proxy`: the client through nginx (TLS, HTTP/2, gzip), tinyproxy (tunnels, forwarding) and microsocks (SOCKS5), as Debian
//! has them.
//!
//! What they do is in the test that is run, `real_proxies` of the client, which starts and stops them.

use std::time::Duration;

use lexopt::Parser;

use crate::command::{cargo, run as run_command};
use crate::debian::Program;
use crate::failure::{Failure, Result};
use crate::limit::{self, End};
use crate::workspace::Workspace;

/// Far more than the test takes.
const LIMIT: Duration = Duration::from_secs(180);

const PROGRAMS: [Program; 3] = [
    Program { name: "nginx", packages: &["nginx"], path: "usr/sbin/nginx", variable: "EDGEQUAKE_TEST_NGINX" },
    Program {
        name: "tinyproxy",
        packages: &["tinyproxy-bin"],
        path: "usr/bin/tinyproxy",
        variable: "EDGEQUAKE_TEST_TINYPROXY",
    },
    Program {
        name: "microsocks",
        packages: &["microsocks"],
        path: "usr/bin/microsocks",
        variable: "EDGEQUAKE_TEST_MICROSOCKS",
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
        program.tell(&mut command, &workspace.target.join("xtask/proxy"))?;
    }
    match limit::run(&mut command, LIMIT)? {
        End::Exited(status) if status.success() => Ok(()),
        End::Exited(status) => Err(Failure::new(format!("the test failed: {status}"))),
        End::Killed => Err(Failure::new(format!("the test was killed after {} s", LIMIT.as_secs()))),
    }
}
