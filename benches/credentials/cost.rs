//! Processor time of what is measured. The kernel counts it in hundredths of a second, so what takes a microsecond is done two hundred
//! thousand times a batch: that counts a call to a twentieth of a microsecond.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// Calls of a batch, of what is answered from a cache.
const CALLS: u32 = 200_000;
const BATCHES: usize = 9;

/// Processor time of this process for each of so many calls, and what they gave.
pub(crate) async fn cost<T>(
    times: u32,
    mut work: impl AsyncFnMut(u32) -> anyhow::Result<T>,
) -> anyhow::Result<(f64, Vec<T>)> {
    let before = process_us()?;
    let mut done = Vec::new();
    for number in 0..times {
        done.push(work(number).await?);
    }
    Ok(((process_us()? - before) / f64::from(times), done))
}

/// The median of batches of very many calls, the first of which warms up.
pub(crate) async fn cost_at_hand(
    mut work: impl AsyncFnMut(u32) -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let mut batches = Vec::new();
    for _ in 0..=BATCHES {
        batches.push(cost(CALLS, &mut work).await?.0);
    }
    Ok(median(batches.split_off(1)))
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Processor time of this process so far.
fn process_us() -> anyhow::Result<f64> {
    stat_us(Path::new("/proc/self/stat"))
}

/// Processor time so far of the threads with this name.
pub(crate) fn threads_us(name: &str) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if fs::read_to_string(task.join("comm"))?.trim_end() == name {
            sum += stat_us(&task.join("stat"))?;
        }
    }
    Ok(sum)
}

/// User and system time: fields 14 and 15 of proc(5), in hundredths of a second.
fn stat_us(file: &Path) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(file)?;
    let (_, behind_name) = stat.rsplit_once(')').context("the kernel's line")?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let mut next = || -> anyhow::Result<f64> { Ok(fields.next().context("a field")?.parse()?) };
    Ok((next()? + next()?) * 10_000.0)
}
