//! Where commands that change state are carried out: in the server when it holds the database, on the file otherwise.

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::clock::{Chance, Clock};
use crate::config::Loaded;
use crate::control::command::{Command, Refusal};
use crate::control::socket;
use crate::db::{self, DbError};
use crate::node::{Markers, Opened};

/// Carries `command` out and gives its answer.
pub(super) fn execute(loaded: &Loaded, command: Command) -> anyhow::Result<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    runtime.block_on(async {
        match db::hold(&loaded.config.database) {
            Ok(_held) => on_the_file(loaded, command).await,
            Err(DbError::InUse(_)) => in_the_server(loaded, &command).await,
            Err(error) => Err(error.into()),
        }
    })
}

async fn on_the_file(loaded: &Loaded, command: Command) -> anyhow::Result<Value> {
    // A look at the registry is nothing that the log is about.
    let markers = if command.only_reads() {
        Markers::LeftOut
    } else {
        Markers::Written
    };
    let opened = Opened::open(loaded, markers, Clock::system(), Chance::system()).await?;
    let office = opened.office(loaded);
    let by = format!("unix:{}", rustix::process::getuid().as_raw());
    let done = office.run(command, &by).await;
    if markers == Markers::Written {
        opened.ledger.close().await;
    }
    Ok(done.map_err(Refused)?)
}

async fn in_the_server(loaded: &Loaded, command: &Command) -> anyhow::Result<Value> {
    let path = db::socket_path(&loaded.config.database)?;
    match socket::call(&path, command).await {
        Ok(done) => Ok(done.map_err(Refused)?),
        Err(error) => {
            let why = "the database is held by another process, but its control socket does not answer; if that is a server \
                       that is starting, try again";
            bail!(anyhow::Error::new(error).context(format!("{why} (`{}`)", path.display())))
        }
    }
}

/// A refusal, so that the exit code can tell a wrong request from a failure.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Refused(pub(super) Refusal);
