//! `gatepost serve`: the gateway, until a signal ends it.

use std::process::ExitCode;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigFile, Exit, terminal};
use crate::clock::{Chance, Clock};
use crate::config::Config;
use crate::node::Node;
use crate::policy::ProofMode;

/// Run the gateway.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gatepost serve --config gatepost.toml
  GATEPOST_MASTER_KEY_FILE=master.key GATEPOST_SERVER_LISTEN=127.0.0.1:9000 gatepost serve

SIGHUP reads the policy folder again; SIGTERM and Ctrl-C let open requests end.")]
pub struct Args {
    #[command(flatten)]
    config: ConfigFile,
}

/// Runs the command.
///
/// # Errors
/// Why the gateway did not start.
#[expect(
    clippy::needless_pass_by_value,
    reason = "every command takes its arguments over"
)]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let loaded = match (args.config.load(), args.config.path()) {
        (Err(error), None) => {
            // Its defaults serve nobody: what is missing is the file, not each key that has no default.
            let first =
                "there is no gatepost.toml here; name the configuration file with `--config`";
            return Err(anyhow::Error::new(error).context(first));
        }
        (loaded, _) => loaded?,
    };
    terminal::start_telemetry(&loaded.config.telemetry)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        // A hangup that comes during the start is not lost: a solver may have been installed since the folder was judged.
        let mut is_rescan_due = false;
        let ended = async {
            while signals.next().await == Signal::Rescan {
                is_rescan_due = true;
            }
        };
        let (clock, chance) = (Clock::system(), Chance::system());
        let Some(node) = Node::start_unless(&loaded, clock, chance, ended).await? else {
            tracing::info!("stopped before the start was done");
            return Ok(Exit::Ok.into());
        };
        warn_of_development(&loaded.config);
        tracing::info!(listen = %node.data_address(), admin = %node.admin_address(), "gatepost serves");
        while is_rescan_due || signals.next().await == Signal::Rescan {
            is_rescan_due = false;
            tracing::info!("SIGHUP: the policy folder is read again");
            node.rescan_policies();
        }
        tracing::info!("stopping: open requests may end");
        node.stop().await;
        Ok(Exit::Ok.into())
    })
}

fn warn_of_development(config: &Config) {
    if !config.development.enabled {
        return;
    }
    let proofs = match config.policy.proof {
        ProofMode::Off => ", policies are not proven",
        ProofMode::Required => "",
    };
    tracing::warn!("[development] is on: loopback only, sites may be plain HTTP{proofs}");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Rescan,
    Stop,
}

struct Signals {
    hangup: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::Rescan,
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
        }
    }
}
