//! The load: one run of `wrk`, and what it counted.

use anyhow::{Context as _, ensure};

use super::process;

/// What a run of `wrk` counted.
pub(crate) struct Load {
    pub(crate) answers: f64,
    pub(crate) rate: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Runs it. Any answer that is not a success and any broken connection is an error.
pub(crate) fn run(
    connections: u32,
    seconds: u32,
    url: &str,
    authorization: &str,
    core: Option<usize>,
) -> anyhow::Result<Load> {
    let mut command = process::pinned(core, "wrk");
    command.args([
        "-t1",
        "--latency",
        &format!("-c{connections}"),
        &format!("-d{seconds}s"),
    ]);
    command.args(["-H", &format!("Authorization: {authorization}"), url]);
    let output = command.output().context("cannot start wrk")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "wrk failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    for mark in ["Non-2xx", "Socket errors"] {
        ensure!(
            !text.contains(mark),
            "not every request was answered well:\n{text}"
        );
    }
    read(&text).with_context(|| format!("wrk said something new:\n{text}"))
}

fn read(text: &str) -> Option<Load> {
    let line = |mark: &str| text.lines().find_map(|line| line.trim().strip_prefix(mark));
    let counted = text.lines().find(|line| line.contains(" requests in "))?;
    Some(Load {
        answers: counted.split_whitespace().next()?.parse().ok()?,
        rate: line("Requests/sec:")?.trim().parse().ok()?,
        p50_ms: milliseconds(line("50%")?)?,
        p99_ms: milliseconds(line("99%")?)?,
    })
}

fn milliseconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    Some(number.parse::<f64>().ok()? * factor)
}
