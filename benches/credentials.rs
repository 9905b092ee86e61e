//! What a session or client key costs: from the cache, from the database, made and listed, with a thousand and with a million of each.
//! And what other ways to say who asks cost, and what is decided about them: tokens of OpenID providers and of Forge, grants, groups of
//! Jira users. The method is in `docs/performance.md`.
//!
//!     cargo bench --bench credentials
//!     cargo bench --bench credentials -- --many 100000
//!
//! It prints tables of Markdown.

#[path = "credentials/beside.rs"]
mod beside;
#[path = "credentials/cost.rs"]
mod cost;
#[path = "credentials/filled.rs"]
mod filled;
#[path = "credentials/grants.rs"]
mod grants;
#[path = "credentials/groups.rs"]
mod groups;
#[path = "credentials/own.rs"]
mod own;
#[path = "credentials/published.rs"]
mod published;
#[path = "credentials/signed.rs"]
mod signed;

use anyhow::{Context as _, ensure};
use clap::Parser as _;
use gatepost::clock::Clock;
use gatepost::identity::Bounds;
use gatepost::identity::issued::{NewKey, Owner, Whose};
use gatepost::identity::presented::{Around, Call, Presented};
use gatepost::identity::verify::ConnectKind;
use gatepost::ledger::entry::Entry;
use gatepost::secret::Secret;

use beside::Beside;
use cost::{cost, cost_at_hand};
use filled::Filled;

/// How many.
#[derive(Debug, clap::Parser)]
struct Args {
    /// Sessions, and as many keys, of the small database
    #[arg(long, default_value_t = 1000)]
    few: u32,
    /// Of the large one
    #[arg(long, default_value_t = 1_000_000)]
    many: u32,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Credentials that are made, and then looked up in turn. No account may have more than a hundred.
const MADE: u32 = 800;
const LISTS: u32 = 100;

const CALL: Call<'_> = Call {
    method: "GET",
    target: "/v1/whoami",
};

/// What was measured, by its name in the table.
type Figures = Vec<(&'static str, f64)>;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    ensure!(args.few >= filled::COUNT_MIN, "too few to compare");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let few = runtime.block_on(visit(args.few))?;
    let many = runtime.block_on(visit(args.many))?;
    println!(
        "| processor µs | {} of each | {} of each | ratio |\n|---|---|---|---|",
        args.few, args.many
    );
    for ((name, few), (_, many)) in few.iter().zip(&many) {
        println!("| {name} | {few:.2} | {many:.2} | {:.2} |", many / few);
    }
    let clock = Clock::system();
    let beside = Beside::start(&clock)?;
    println!("\n| processor µs | |\n|---|---|");
    for (name, cost) in runtime.block_on(others(&beside, &clock))? {
        println!("| {name} | {cost:.2} |");
    }
    Ok(())
}

/// What the number of sessions and keys has nothing to do with.
async fn others(beside: &Beside, clock: &Clock) -> anyhow::Result<Figures> {
    let filled = Filled::with(filled::COUNT_MIN, clock).await?;
    let mut figures = Figures::new();
    published::measure(&filled, &beside.jira, &mut figures).await?;
    grants::measure(&filled, &mut figures).await?;
    groups::measure(&filled, &beside.jira, &mut figures).await?;
    Ok(figures)
}

async fn visit(count: u32) -> anyhow::Result<Figures> {
    let clock = Clock::system();
    let watch = clock.stopwatch();
    let filled = Filled::with(count, &clock).await?;
    let seconds = watch.elapsed().as_secs_f64();
    eprintln!("{count} of each: filled in {seconds:.1} s");
    let mut figures = Figures::new();
    let sessions = open_sessions(&filled, &mut figures).await?;
    let keys = make_keys(&filled, &mut figures).await?;
    from_cache(&filled, &sessions, &keys, &mut figures).await?;
    own::from_cache(&filled, &mut figures).await?;
    from_database(&filled, &sessions, &keys, &mut figures).await?;
    lists(&filled, &mut figures).await?;
    ends(&filled, &mut figures).await?;
    Ok(figures)
}

async fn open_sessions(filled: &Filled, figures: &mut Figures) -> anyhow::Result<Vec<Presented>> {
    let issued = &filled.opened.issued;
    let verifiers = filled.verifiers(issued);
    let mut tokens = Vec::new();
    for number in 0..MADE {
        let token = signed::context_token(&filled::account(number), number);
        let token = Presented::Jwt(Secret::from(token));
        let spendable = verifiers.spendable(&token, CALL, ConnectKind::Context, Around::nowhere());
        tokens.push(spendable.await?);
    }
    let open = async |_| {
        let token = tokens.pop().context("a token")?;
        let opened = issued.open_session(token, None, Entry::default()).await?;
        Ok(Presented::Issued(opened.text))
    };
    let (cost, sessions) = cost(MADE, open).await?;
    figures.push(("open a session", cost));
    Ok(sessions)
}

async fn make_keys(filled: &Filled, figures: &mut Figures) -> anyhow::Result<Vec<Presented>> {
    let tenant = filled.tenant()?;
    let make = async |number| {
        let owner = Owner::named(&tenant, filled::account(number).parse()?);
        let new = NewKey {
            name: "bench".to_owned(),
            bounds: Bounds::default(),
            rate_per_minute: None,
            ends_at: None,
        };
        let made = filled.opened.issued.make_key_by(owner, new, "unix:0");
        Ok(Presented::Issued(made.await?.text))
    };
    let (cost, keys) = cost(MADE, make).await?;
    figures.push(("make a key", cost));
    Ok(keys)
}

/// Look-ups one after the other. The context token is what they are compared with.
async fn from_cache(
    filled: &Filled,
    sessions: &[Presented],
    keys: &[Presented],
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let token = signed::context_token(&filled::account(0), MADE);
    let tokens = [Presented::Jwt(Secret::from(token))];
    let verifiers = filled.verifiers(&filled.opened.issued);
    for (name, credentials) in [
        ("verify a session from the cache", sessions),
        ("verify a key from the cache", keys),
        ("verify a context token", &tokens[..]),
    ] {
        let mut turn = credentials.iter().cycle();
        let verify = async |_| {
            let credential = turn.next().context("a credential")?;
            let _principal = verifiers
                .verify(credential, CALL, Around::nowhere())
                .await?;
            Ok(())
        };
        figures.push((name, cost_at_hand(verify).await?));
    }
    Ok(())
}

/// A cache that nobody has used.
async fn from_database(
    filled: &Filled,
    sessions: &[Presented],
    keys: &[Presented],
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let verifiers = filled.verifiers(&filled.issued_anew()?);
    for (name, credentials) in [
        ("verify a session from the database", sessions),
        ("verify a key from the database", keys),
    ] {
        let mut turn = credentials.iter();
        let verify = async |_| {
            let credential = turn.next().context("a credential")?;
            let _principal = verifiers
                .verify(credential, CALL, Around::nowhere())
                .await?;
            Ok(())
        };
        figures.push((name, cost(MADE, verify).await?.0));
    }
    Ok(())
}

async fn lists(filled: &Filled, figures: &mut Figures) -> anyhow::Result<()> {
    let tenant = filled.tenant()?.id.clone();
    let account = filled::account(0).parse()?;
    let issued = &filled.opened.issued;
    for (whose, sessions, keys) in [
        (
            Whose::Account(&tenant, &account),
            "list an account's sessions",
            "list an account's keys",
        ),
        (
            Whose::Tenant(&tenant),
            "list a tenant's sessions, the first 500",
            "list a tenant's keys, the first 500",
        ),
    ] {
        let list = async |_| Ok(issued.sessions(whose).await?.items.len());
        figures.push((sessions, cost(LISTS, list).await?.0));
        let list = async |_| Ok(issued.keys(whose).await?.items.len());
        figures.push((keys, cost(LISTS, list).await?.0));
    }
    Ok(())
}

async fn ends(filled: &Filled, figures: &mut Figures) -> anyhow::Result<()> {
    let issued = &filled.opened.issued;
    let tenant = filled.tenant()?.id.clone();
    let whose = Whose::Tenant(&tenant);
    let mut open = issued.sessions(whose).await?.items.into_iter();
    let end = async |_| {
        let id = open.next().context("an open session")?.id;
        let entry = Entry::default();
        Ok(issued.end_session(&id, whose, "unix:0", entry).await?)
    };
    figures.push(("end a session", cost(LISTS, end).await?.0));
    Ok(())
}
