//! What a request costs beside nginx: the same upstream, the same load, rounds in turn. The method is in `docs/performance.md`.
//!
//!     make bench
//!     cargo bench --bench corridor -- --rounds 9 --seconds 5
//!     cargo bench --bench corridor -- --noise                  nginx against nginx: how much of a ratio is chance
//!     cargo bench --bench corridor -- --program old/gatepost   an earlier build
//!
//! It prints a table of Markdown. A round with any error fails the run: a gateway that refuses is fast.

#[path = "corridor/doors.rs"]
mod doors;
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
    /// The build of Gatepost that is measured
    #[arg(long, default_value = env!("CARGO_BIN_EXE_gatepost"))]
    program: String,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// What the load is sent to. Its processor time is that of its own process alone.
struct System<'r> {
    name: &'static str,
    running: &'r Running,
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

const ISSUE_BYTES: usize = 4096;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    ensure!(args.rounds > 0, "no round, no figure");
    let cores = Cores::of_machine();
    let folder = tempfile::tempdir().context("a folder for the servers' files")?;
    let keys = signed::Keys::generate()?;
    let upstream = nginx::upstream(folder.path(), &keys, ISSUE_BYTES, cores.beside)?;
    let peer = nginx::proxy(folder.path(), "peer", upstream.port, cores.tested)?;
    let (name, tested) = if args.noise {
        let again = nginx::proxy(folder.path(), "again", upstream.port, cores.tested)?;
        ("nginx again", again)
    } else {
        let server =
            gatepost_server::start(folder.path(), &keys, upstream.port, &args.program, cores)?;
        ("Gatepost, everything on", server)
    };
    let system = |name, running| System { name, running };
    let systems = [
        system("nginx proxy_pass", &peer),
        system(name, &tested),
        system("straight to the upstream", &upstream),
    ];
    let rounds = measure(&args, &systems, cores)?;
    print!("{}", table(&args, &systems, &rounds));
    if !args.noise {
        print!("{}", doors::measure(folder.path(), &keys, cores)?);
    }
    Ok(())
}

/// All in turn, after a round that warms them up and is forgotten.
fn measure(
    args: &Args,
    systems: &[System<'_>; 3],
    cores: Cores,
) -> anyhow::Result<Vec<[Figures; 3]>> {
    let authorization = format!("JWT {}", signed::context_token());
    let load = |system| round(args, system, &authorization, cores);
    let mut rounds = Vec::new();
    for number in 0..=args.rounds {
        let [peer, tested, straight] = systems;
        let figures = [load(peer)?, load(tested)?, load(straight)?];
        if number > 0 {
            let [peer, tested, _] = &figures;
            let (one, two) = (peer.cpu_us, tested.cpu_us);
            eprintln!("round {number}: {one:.1} and {two:.1} µs");
            rounds.push(figures);
        }
    }
    Ok(rounds)
}

fn round(
    args: &Args,
    system: &System<'_>,
    authorization: &str,
    cores: Cores,
) -> anyhow::Result<Figures> {
    let url = format!("http://127.0.0.1:{}{PATH}", system.running.port);
    let before = system.running.cpu_us()?;
    let load = wrk::run(
        args.connections,
        args.seconds,
        &url,
        authorization,
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

fn table(args: &Args, systems: &[System<'_>; 3], rounds: &[[Figures; 3]]) -> String {
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
        let of =
            |figure: fn(&Figures) -> f64| median(rounds.iter().map(|round| figure(&round[at])));
        // Neighbouring rounds are compared, not the medians: drift hits all of a round.
        let ratio = median(
            rounds
                .iter()
                .map(|round| round[at].cpu_us / round[0].cpu_us),
        );
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
