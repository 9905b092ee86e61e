//! What a proof costs by the size of the set, what a large set costs a decision, and what a proof that runs costs the requests beside
//! it. The method is in `docs/performance.md`.
//!
//!     make bench
//!     cargo bench --bench proofs -- --rounds 5
//!
//! It prints tables of Markdown. Times are of the wall clock, from files in memory to the verdict; each round begins with nothing known,
//! but where it says so.

#[path = "corridor/gatepost.rs"]
mod gatepost_server;
#[path = "corridor/nginx.rs"]
#[expect(dead_code, reason = "the rest is for the other bench")]
mod nginx;
#[path = "corridor/process.rs"]
#[expect(dead_code, reason = "the rest is for the other bench")]
mod process;
#[path = "proofs/sets.rs"]
mod sets;
#[path = "corridor/signed.rs"]
mod signed;
#[path = "corridor/wrk.rs"]
#[expect(dead_code, reason = "the rest is for the other bench")]
mod wrk;

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Parser as _;
use gatepost::clock::Clock;
use gatepost::decision::evaluate::rehearse;
use gatepost::decision::{Action, Circumstances, Groups, InGroups, Principal, Question, Thing};
use gatepost::policy::{
    Draft, ProofError, Prover, Settings, Stop, Validated, Vocabulary, Workshop,
};

use process::Cores;
use sets::{Files, Plan};

/// How long and how often.
#[derive(Debug, clap::Parser)]
struct Args {
    /// Rounds of each size; the figure is their median
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Length of a round under load
    #[arg(long, default_value_t = 6)]
    seconds: u32,
    /// The build of Gatepost that is measured under load
    #[arg(long, default_value = env!("CARGO_BIN_EXE_gatepost"))]
    program: String,
    /// Only what a proof costs the requests beside it
    #[arg(long)]
    load_only: bool,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// The path that load asks for.
const PATH: &str = "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1";
const DECISIONS: usize = 4000;
/// A group of Jira users.
const GROUP: &str = "276f955c-63d7-42c8-9520-92d01dca0625";

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    ensure!(args.rounds > 0, "no round, no figure");
    println!(
        "| set | check | prove | one file changed | broken: to the counterexample |\n|---|---|---|---|---|"
    );
    for (policies, tenants) in [(10, 1), (1000, 10), (10_000, 1000)] {
        println!("{}", row(&args, policies, tenants)?);
    }
    println!("\n| a decision under | µs |\n|---|---|");
    for (policies, tenants) in [(20, 1), (10_000, 1000)] {
        println!(
            "| {policies} policies, {tenants} tenants | {:.1} |",
            decision(policies, tenants, "", None)?
        );
    }
    let known = Groups::Known(InGroups {
        asked: vec![GROUP.parse()?],
        of: [("ann".to_owned(), vec![GROUP.parse()?])].into(),
    });
    for (what, project) in [("does not bear on it", "P2"), ("bears on it, known", "P1")] {
        let rule = format!(
            "@id(\"group\") @reason(\"no\") forbid (principal, action, resource in Project::\"t0/{project}\") \
             unless {{ principal in Group::\"t0/{GROUP}\" }};"
        );
        println!(
            "| 20 policies, 1 tenant, and one with a group that {what} | {:.1} |",
            decision(20, 1, &rule, Some(known.clone()))?
        );
    }
    println!("\n{}", beside_load(&args)?);
    Ok(())
}

fn row(args: &Args, policies: usize, tenants: usize) -> anyhow::Result<String> {
    let plan = Plan {
        policies,
        tenants,
        broken: false,
    };
    let (mut check, mut prove, mut again, mut refuse) = (vec![], vec![], vec![], vec![]);
    for _ in 0..args.rounds {
        let fresh = Fresh::new();
        let mut files = sets::build(plan)?;
        let (checked, proven) = fresh.admit(&mut Workshop::new(), &files)?;
        check.push(checked);
        prove.push(proven);
        let mut workshop = Workshop::new();
        fresh.admit(&mut workshop, &files)?;
        let (_, text) = files
            .iter_mut()
            .find(|(path, _)| path.starts_with("tenants/"))
            .context("a folder")?;
        text.push_str("@id(\"new\")\n@reason(\"New.\")\nforbid (principal in Team::\"t0/team-0\", action, resource in Project::\"t0/NEW\");\n");
        let (checked, proven) = fresh.admit(&mut workshop, &files)?;
        again.push(checked + proven);
        refuse.push(Fresh::new().refuse(&sets::build(Plan {
            broken: true,
            ..plan
        })?)?);
    }
    Ok(format!(
        "| {policies} policies, {tenants} tenants | {:.2} s | {:.2} s | {:.2} s | {:.2} s |",
        median(check),
        median(prove),
        median(again),
        median(refuse)
    ))
}

/// A prover that knows nothing.
struct Fresh {
    prover: Prover,
    clock: Clock,
}

impl Fresh {
    fn new() -> Self {
        let clock = Clock::system();
        Self {
            prover: Settings::default().prover(clock.clone()),
            clock,
        }
    }

    /// The times to check and to prove a sound set.
    fn admit(
        &self,
        workshop: &mut Workshop,
        files: &Files,
    ) -> anyhow::Result<(Duration, Duration)> {
        let watch = self.clock.stopwatch();
        let draft = Draft::from_files(files.iter().cloned())?;
        let set = Validated::check_in(workshop, &draft, &Vocabulary::core())?;
        let checked = watch.elapsed();
        let watch = self.clock.stopwatch();
        set.examine(&self.prover, &Stop::default())?;
        Ok((checked, watch.elapsed()))
    }

    /// The time to the verdict on a set with a hole.
    fn refuse(&self, files: &Files) -> anyhow::Result<Duration> {
        let watch = self.clock.stopwatch();
        let draft = Draft::from_files(files.iter().cloned())?;
        let set = Validated::check(&draft, &Vocabulary::core())?;
        match set.examine(&self.prover, &Stop::default()) {
            Err(ProofError::Unproven(faults))
                if faults
                    .faults()
                    .iter()
                    .any(|fault| fault.counterexample().is_some()) =>
            {
                Ok(watch.elapsed())
            }
            Err(error) => bail!("refused for another reason: {error}"),
            Ok(_) => bail!("a set with a hole was proven"),
        }
    }
}

/// Microseconds of one decision for an account of a tenant with policies of its own; the median of many.
fn decision(
    policies: usize,
    tenants: usize,
    more: &str,
    groups: Option<Groups>,
) -> anyhow::Result<f64> {
    let mut files = sets::build(Plan {
        policies,
        tenants,
        broken: false,
    })?;
    files.push(("more.cedar".to_owned(), more.to_owned()));
    let draft = Draft::from_files(files)?;
    let set = Validated::check(&draft, &Vocabulary::core())?;
    let tenant = || "t0".to_owned();
    let question = Question {
        action: Action::GetIssue,
        context: Circumstances {
            act_as: "ann".to_owned(),
            auth: "connect_context".to_owned(),
            ip: IpAddr::from([192, 0, 2, 7]),
            now: 1_795_435_200_000_000,
        },
        groups,
        principal: Principal {
            account: "ann".to_owned(),
            may_act_as: vec![],
            tenant: tenant(),
        },
        resource: Thing::Issue {
            host: "t0.atlassian.net".to_owned(),
            key: "P1-1".to_owned(),
            project: "P1".to_owned(),
            tenant: tenant(),
        },
    };
    ensure!(rehearse(&set, &question).allows(), "members read");
    let clock = Clock::system();
    let mut laps = Vec::with_capacity(DECISIONS);
    for _ in 0..DECISIONS {
        let watch = clock.stopwatch();
        std::hint::black_box(rehearse(&set, std::hint::black_box(&question)));
        laps.push(watch.elapsed());
    }
    Ok(median(laps) * 1e6)
}

/// The 99th percentile of requests while a large set is proven, beside that while nothing is. Rounds in turn.
fn beside_load(args: &Args) -> anyhow::Result<String> {
    let cores = Cores::of_machine();
    let folder = tempfile::tempdir().context("a folder for the servers' files")?;
    let keys = signed::Keys::generate()?;
    let upstream = nginx::upstream(folder.path(), &keys, 4096, cores.beside)?;
    let server = gatepost_server::start(folder.path(), &keys, upstream.port, &args.program, cores)?;
    let url = format!("http://127.0.0.1:{}{PATH}", server.port);
    let authorization = format!("JWT {}", signed::context_token());
    let load = || wrk::run(8, args.seconds, &url, &authorization, cores.beside);
    load()?;
    let policies = folder.path().join("policies");
    let (mut ratios, mut quiet, mut busy) = (vec![], vec![], vec![]);
    for round in 0..args.rounds {
        let alone = load()?.p99_ms;
        // Without the shipped separation each permit is asked about alone, which takes longer than the load.
        let mut files = sets::build(Plan {
            policies: 10_000,
            tenants: 1000,
            broken: true,
        })?;
        files.push((format!("round-{round}.cedar"), format!("@id(\"round-{round}\")\n@reason(\"-\")\nforbid (principal, action, resource) when {{ context.auth == \"{round}\" }};")));
        for gone in ["00-tenant-separation.cedar", "bench.cedar"] {
            // Gone since the first round.
            let _ = std::fs::remove_file(policies.join(gone));
        }
        sets::write(&policies, &files)?;
        // A thousand new files are the disk's work, not the proof's: records would wait for them.
        rustix::fs::sync();
        let beside = load()?.p99_ms;
        ratios.push(beside / alone);
        quiet.push(alone);
        busy.push(beside);
    }
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Ok(format!(
        "| p99 of requests, 8 connections, one core | ms |\n|---|---|\n| alone | {:.2} |\n| while 10,000 policies are checked and proven | {:.2} |\n\nRatio, median of {} rounds: {:.2}",
        middle(quiet),
        middle(busy),
        args.rounds,
        middle(ratios)
    ))
}

fn median(mut laps: Vec<Duration>) -> f64 {
    laps.sort();
    laps[laps.len() / 2].as_secs_f64()
}
