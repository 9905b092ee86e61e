//! Forge's part: what an app's hourly schedule sends, again and again, because the token for the app that it brings ends. Used by this
//! command only.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use super::super::wire::{self, Message};
use super::target::Target;
use crate::standin::Site;

/// How long is waited between what is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Before a gateway that may be starting is tried again.
    pub(super) starting: Duration,
    /// After a round that did not reach every site.
    pub(super) mending: Duration,
    /// After a round that did.
    pub(super) round: Duration,
}

/// Once an hour, as Forge does. What failed comes sooner: whoever mends a configuration does not want to wait for an hour.
pub(super) const FORGES_PACE: Pace = Pace {
    starting: Duration::from_secs(1),
    mending: Duration::from_mins(1),
    round: Duration::from_hours(1),
};

/// A gateway refuses what was issued before it started or within five seconds after, to the second: this is some seconds more.
const ATTEMPTS_MAX: u32 = 10;

/// What became of one schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Taken,
    Refused(u16),
    Unsent(io::ErrorKind),
}

/// Sends every site's schedule at this pace; what became of it is told when it changes.
pub(super) async fn keep(sites: &[Site], gateway: &Target, pace: &Pace) -> Infallible {
    let mut outcomes = vec![None; sites.len()];
    loop {
        for (site, before) in sites.iter().zip(&mut outcomes) {
            let outcome = Some(send(site, gateway, pace).await);
            if *before != outcome {
                *before = outcome;
                tell(site, gateway, before.as_ref());
            }
        }
        let reached_all = outcomes.iter().flatten().all(|one| *one == Outcome::Taken);
        let pause = if reached_all {
            pace.round
        } else {
            pace.mending
        };
        tokio::time::sleep(pause).await;
    }
}

fn tell(site: &Site, gateway: &Target, outcome: Option<&Outcome>) {
    match outcome.map(|outcome| told(site, gateway, outcome)) {
        Some(Ok(line)) => println!("{line}"),
        Some(Err(line)) => eprintln!("{line}"),
        None => {}
    }
}

/// What is said of an outcome: on stdout if it is well, as a comment of the configuration that stands there, otherwise on stderr.
fn told(site: &Site, gateway: &Target, outcome: &Outcome) -> Result<String, String> {
    let (host, authority) = (site.host(), &gateway.authority);
    let why = match outcome {
        Outcome::Taken => {
            return Ok(format!(
                "# Forge's schedule of {host}: 204; it comes again every hour."
            ));
        }
        Outcome::Refused(status) => format!(
            "the gateway refused it with {status}: `atlassian.forge_app_id` and [development] must be as printed; its log says why \
             (`gatepost log query`)"
        ),
        Outcome::Unsent(kind) => format!("the gateway at {authority} was not reached: {kind}"),
    };
    Err(format!(
        "Forge's schedule of {host}: {why}. What Forge calls does not work there; tried again every minute."
    ))
}

/// Sends one site's schedule until it is taken, or the gateway has had time enough to start.
async fn send(site: &Site, gateway: &Target, pace: &Pace) -> Outcome {
    let mut outcome = Outcome::Unsent(io::ErrorKind::ConnectionRefused);
    for attempt in 1..=ATTEMPTS_MAX {
        if attempt > 1 {
            tokio::time::sleep(pace.starting).await;
        }
        outcome = match post(site, gateway).await {
            Ok(204) => Outcome::Taken,
            Ok(status) => Outcome::Refused(status),
            Err(error) => Outcome::Unsent(error.kind()),
        };
        // A gateway that starts answers 401, or nobody does; all else is no question of time.
        let is_starting = matches!(
            outcome,
            Outcome::Refused(401) | Outcome::Unsent(io::ErrorKind::ConnectionRefused)
        );
        if !is_starting {
            break;
        }
    }
    outcome
}

/// One invocation without a user, its token made anew: it is good once.
async fn post(site: &Site, gateway: &Target) -> io::Result<u16> {
    let message = Message {
        method: "POST",
        authority: &gateway.authority,
        target: &gateway.at("/forge/remote/trigger"),
        authorization: "",
        headers: &site.forge_headers(None),
        body: "{}",
    };
    Ok(wire::exchange(&message).await?.status)
}

#[cfg(test)]
mod tests;
