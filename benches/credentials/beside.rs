//! A stand-in for Atlassian and for a company's OpenID provider, on a thread of its own, so that its processor time can be told from
//! that of the gateway.

use std::time::Duration;

use gatepost::clock::{Chance, Clock};
use gatepost::outbound::{Bounds, Outbound};
use gatepost::standin::{self, Standin};
use tokio::runtime::{Builder, Runtime};

use super::cost::threads_us;

const THREAD: &str = "standin";

/// It ends with this, which must not be dropped by a task.
pub(crate) struct Beside {
    pub(crate) jira: Standin,
    _runtime: Runtime,
}

impl Beside {
    pub(crate) fn start(clock: &Clock) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(THREAD)
            .enable_all()
            .build()?;
        let settings = standin::Settings::default();
        let starting = Standin::start(settings, clock.clone(), Chance::seeded(7));
        Ok(Self {
            jira: runtime.block_on(starting)?,
            _runtime: runtime,
        })
    }

    /// Processor time of the stand-in so far.
    pub(crate) fn cpu_us() -> anyhow::Result<f64> {
        threads_us(THREAD)
    }
}

/// Connections that find the sites of a stand-in.
pub(crate) fn outbound(jira: &Standin) -> anyhow::Result<Outbound> {
    let bounds = Bounds {
        connect_timeout: Duration::from_secs(3),
        site_timeout: Duration::from_secs(20),
        site_body_bytes_max: 8 * 1024 * 1024,
    };
    let sites = jira.sites().into_iter();
    let near = sites.map(|site| (site.host().to_owned(), jira.address()));
    Ok(Outbound::new(bounds, near.collect())?)
}
