//! What a request costs beside nginx: the same upstream, the same load, rounds in turn. The method is in `docs/performance.md`.
//!
//!     make bench
//!     cargo bench --bench corridor -- --rounds 9 --seconds 5
//!     cargo bench --bench corridor -- --noise        nginx against nginx: how much of a ratio is chance
//!
//! It prints a table of Markdown. A round with any error fails the run: a gateway that refuses is fast.

#[path = "corridor/gatepost.rs"]
mod gatepost_server;
#[path = "corridor/nginx.rs"]
mod nginx;
#[path = "corridor/process.rs"]
mod process;
#[path = "corridor/signed.rs"]
mod signed;
#[path = "corridor/wrk.rs"]
mod wrk;

use anyhow::{Context as _, ensure};
use clap::Parser as _;

use process::{Cores, Running};

/// How long and how often.
#[derive(Debug, clap::Parser)]
struct Args {
    /// Rounds of each system; the figure is their median
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Length of a round
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Connections that are kept open
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// Measure nginx against itself
    #[arg(long)]
    noise: bool,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Something between the load and the upstream.
struct System {
    name: &'static str,
    running: Running,
    url: String,
    authorization: String,
}

/// What one round says of one system.
#[derive(Clone, Copy)]
struct Figures {
    cpu_us: f64,
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// A Jira path that both are asked for; nginx passes anything on.
const PATH: &str = "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1";

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    ensure!(args.rounds > 0, "no round, no figure");
    let cores = Cores::of_machine();
    let folder = tempfile::tempdir().context("a folder for the servers' files")?;
    let keys = signed::Keys::generate()?;
    let upstream = nginx::upstream(folder.path(), &keys, cores.beside)?;
    let peer = nginx::proxy(folder.path(), "peer", upstream.port, cores.tested)?;
    let authorization = format!("JWT {}", signed::context_token());
    let first = System {
        name: "nginx proxy_pass",
        url: format!("http://127.0.0.1:{}{PATH}", peer.port),
        running: peer,
        authorization: authorization.clone(),
    };
    let (name, running) = if args.noise {
        let again = nginx::proxy(folder.path(), "again", upstream.port, cores.tested)?;
        ("nginx again", again)
    } else {
        let server = gatepost_server::start(folder.path(), &keys, upstream.port, cores.tested)?;
        ("Gatepost, everything on", server)
    };
    let second = System {
        name,
        url: format!("http://127.0.0.1:{}{PATH}", running.port),
        running,
        authorization,
    };
    let rounds = measure(&args, &first, &second, cores)?;
    print!("{}", table(&args, [&first, &second], &rounds));
    Ok(())
}

/// Both in turn, after a round that warms them up and is forgotten.
fn measure(
    args: &Args,
    first: &System,
    second: &System,
    cores: Cores,
) -> anyhow::Result<Vec<[Figures; 2]>> {
    let mut rounds = Vec::new();
    for number in 0..=args.rounds {
        let pair = [round(args, first, cores)?, round(args, second, cores)?];
        if number > 0 {
            let [one, two] = pair;
            eprintln!("round {number}: {:.1} and {:.1} µs", one.cpu_us, two.cpu_us);
            rounds.push(pair);
        }
    }
    Ok(rounds)
}

fn round(args: &Args, system: &System, cores: Cores) -> anyhow::Result<Figures> {
    let before = system.running.cpu_us()?;
    let load = wrk::run(
        args.connections,
        args.seconds,
        &system.url,
        &system.authorization,
        cores.beside,
    )
    .with_context(|| format!("load on {}", system.name))?;
    let spent = system.running.cpu_us()? - before;
    Ok(Figures {
        cpu_us: spent / load.answers,
        rate: load.rate,
        p50_ms: load.p50_ms,
        p99_ms: load.p99_ms,
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn table(args: &Args, systems: [&System; 2], rounds: &[[Figures; 2]]) -> String {
    let mut lines = vec![
        format!(
            "{} rounds of {} s each, in turn; {} connections kept open; medians.",
            args.rounds, args.seconds, args.connections
        ),
        String::new(),
        "| system | CPU µs a request | x nginx | requests a second | p50 ms | p99 ms |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for (at, system) in systems.iter().enumerate() {
        let of = |figure: fn(&Figures) -> f64| median(rounds.iter().map(|pair| figure(&pair[at])));
        // Neighbouring rounds are compared, not the medians: drift hits both halves of a pair.
        let ratio = median(rounds.iter().map(|pair| pair[at].cpu_us / pair[0].cpu_us));
        lines.push(format!(
            "| {} | {:.1} | {ratio:.2} | {:.0} | {:.2} | {:.2} |",
            system.name,
            of(|f| f.cpu_us),
            of(|f| f.rate),
            of(|f| f.p50_ms),
            of(|f| f.p99_ms),
        ));
    }
    lines.join("\n") + "\n"
}
