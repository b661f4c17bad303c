//! What large files cost, beside hyper-util and other clients.

use super::MIB;
use super::program::{PYTHON, Program, Report, Server};
use super::result::{Limit, Results};
use crate::failure::Result;

/// Who else moves the file; the official SDKs take or give some of them as bytes, all at once.
const OTHERS: [(&str, &str); 4] = [
    ("hyper-util", "hyper-util"),
    ("reqwest", "reqwest"),
    ("official", "the official SDK"),
    (PYTHON, "the official SDK in Python"),
];

/// Memory and processor time of files of 1 GiB.
pub(super) fn measure(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    let length = (1_u64 << 30).to_string();
    for (scenario, what) in [("upload", "an upload of 1 GiB"), ("download", "a download of 1 GiB")] {
        let moved = |client| program.report(&[scenario, client, &server.address, &length]);
        let ours = moved("ours")?;
        let others = OTHERS.iter().map(|&(client, who)| Ok((who, moved(client)?)));
        let others = others.collect::<Result<Vec<(&str, Report)>>>()?;
        let what_of = format!("peak memory of {what}");
        results.budget(what_of, ours.figure("peak_growth_bytes")? / MIB, Limit::AtMost(8.0), "MiB");
        for (who, other) in &others {
            results.beside(who, other.figure("peak_growth_bytes")? / MIB, "MiB");
        }
        // What the machine does besides changes it by a tenth and more, so that it is no budget.
        results.beside(&format!("CPU of {what}: ours"), ours.figure("processor_seconds")?, "s");
        for (who, other) in &others {
            results.beside(&format!("CPU of {what}: {who}"), other.figure("processor_seconds")?, "s");
        }
    }
    Ok(())
}
