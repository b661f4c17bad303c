//! What there is before the first answer: making a client, its first call, and the start of the command line.

use std::ffi::OsStr;
use std::fs;

use super::program::{PYTHON, Program, Server};
use super::result::{Limit, Results};
use crate::command::{cargo, run};
use crate::failure::{During, Result};
use crate::workspace::Workspace;

const BUILD: &str = "making a client";
const OVER_TLS: &str = "making the first for TLS";
const LATER: &str = "making a later one for TLS";
const FIRST: &str = "a client and its first call";

pub(super) fn measure(
    workspace: &Workspace,
    program: &Program,
    server: &Server,
    results: &mut Results,
) -> Result<()> {
    client(program, server, results)?;
    command_line(workspace, program, server, results)
}

/// Making a client, without and with TLS, and the first call over a connection of its own.
fn client(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    let clients = [
        ("reqwest", "reqwest"),
        ("official", "the official SDK"),
        (PYTHON, "the official SDK in Python"),
        ("ours", "ours"),
    ];
    // Nothing is sent there.
    let tls = "https://127.0.0.1:9";
    let mut of_ours = [0.0; 2];
    for (what, scenario, address, times) in [
        (BUILD, "build", server.address.as_str(), (2, 22)),
        (OVER_TLS, "build", tls, (0, 1)),
        (LATER, "build", tls, (1, 11)),
        (FIRST, "first", server.address.as_str(), (2, 22)),
    ] {
        let floor = program.cost(&[scenario, "hyper-util", &server.address], times)?;
        results.measure(what, "hyper-util, without TLS", floor, floor);
        for (client, who) in clients {
            // Python knows no difference between the first and later ones.
            if client == PYTHON && (what == OVER_TLS || what == LATER) {
                continue;
            }
            let cost = program.cost(&[scenario, client, address], times)?;
            results.measure(what, who, cost, floor);
            if client == "ours" && address == tls {
                of_ours[usize::from(what == LATER)] = cost.instructions;
            }
        }
    }
    let what = "making a later client for TLS, over the first, which reads the trust store";
    results.budget(what, of_ours[1] / of_ours[0], Limit::AtMost(0.1), "x");
    Ok(())
}

/// The command line, as its users run it: the program of the package, optimized, from its start to its end.
fn command_line(
    workspace: &Workspace,
    program: &Program,
    server: &Server,
    results: &mut Results,
) -> Result<()> {
    let folder = workspace.target.join("bench");
    let mut build = cargo(["build", "--release", "--locked", "--package", "edgequake-cli", "--target-dir"]);
    run(build.arg(&folder).current_dir(&workspace.root))?;
    let binary = folder.join("release").join(format!("edgequake-cli{}", std::env::consts::EXE_SUFFIX));
    let home = folder.join("home");
    fs::create_dir_all(&home).during("making an empty home")?;
    let base = format!("http://{}", server.address);
    let variables = [
        ("HOME", home.as_os_str()),
        ("XDG_CONFIG_HOME", home.as_os_str()),
        ("XDG_DATA_HOME", home.as_os_str()),
        ("XDG_STATE_HOME", home.as_os_str()),
        ("EDGEQUAKE_BASE_URL", OsStr::new(&base)),
    ];
    let millions = |argument: &str| {
        let command = [binary.as_os_str(), OsStr::new(argument)];
        Ok::<_, crate::failure::Failure>(program.instructions(&command, &variables)? / 1e6)
    };
    results.beside("edgequake-cli --version, instructions in millions", millions("--version")?, "");
    results.beside("edgequake-cli health, instructions in millions", millions("health")?, "");
    for (client, who) in [
        ("hyper-util", "a program with one call of hyper-util"),
        ("reqwest", "of reqwest"),
        ("official", "of the official SDK"),
        (PYTHON, "of the official SDK in Python"),
    ] {
        let one = program.instructions_of(&["first", client, &server.address, "1"])?;
        results.beside(who, one / 1e6, "");
    }
    Ok(())
}
