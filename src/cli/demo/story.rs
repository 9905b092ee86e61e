//! The founding story, step by step: what is asked, what must come of it, and whether it did.

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use super::super::wire::{self, Message, Received};
use super::stage::Stage;

mod forge;
mod key;

use crate::policy::PolicyError;
use crate::standin::account;

const FREEZE: &str = r#"@id("freeze-acme-2")
@code("frozen")
@reason("ACME-2 is under investigation and closed to everybody.")
forbid (principal, action == Action::"getIssue", resource)
when { resource.key == "ACME-2" };
"#;

/// An exception that looks harmless: reading only, and only where a permit says so.
const SEPARATION: (&str, &str) = (
    "00-tenant-separation.cedar",
    r#"@id("tenant-separation")
@reason("This belongs to another organization.")
forbid (principal, action, resource)
unless { principal.tenant == resource.tenant || action in Action::"read" };
"#,
);

/// The permit that says so, to more people than its author thinks.
const PARTNERS: (&str, &str) = (
    "60-partners.cedar",
    r#"@id("partners-read-issues")
permit (principal, action == Action::"getIssue", resource)
when { context.actAs == principal };
"#,
);

/// Decisions of the whole story.
const ALLOWED: usize = 5;
const DENIED: usize = 4;

/// How long an edit may take to be proven and in force, or refused. It takes a fraction of a second.
const EDIT_TIMEOUT: Duration = Duration::from_secs(15);

/// Tells the story; gives whether every step did what it says.
pub(super) async fn tell(stage: &Stage) -> anyhow::Result<bool> {
    let teller = Teller {
        stage,
        colour: std::io::stdout().is_terminal(),
    };
    teller.say("Gatepost between a client and three Jira sites (a stand-in). Ann has an account on acme.atlassian.net and on initech.atlassian.net.\n")?;
    let mut held = true;
    held &= teller.own_issue().await?;
    held &= teller.foreign_site().await?;
    held &= teller.somebody_else().await?;
    held &= teller.key().await?;
    held &= teller.forge().await?;
    held &= teller.edit().await?;
    held &= teller.hole().await?;
    held &= teller.log().await?;
    let end = if held {
        "Every step did what it says."
    } else {
        "A step did not do what it says."
    };
    teller.say(&format!("\n{end}"))?;
    Ok(held)
}

struct Teller<'a> {
    stage: &'a Stage,
    colour: bool,
}

impl Teller<'_> {
    async fn own_issue(&self) -> anyhow::Result<bool> {
        let target = issue("acme", "ACME-1");
        let received = self.get(&target).await?;
        let read = body(&received)["key"] == "ACME-1" && self.left() > 0;
        self.step(
            received.status == 200 && read,
            "Ann reads her own site's issue: 200",
            &self.curl(&target),
            &received,
        )
    }

    async fn foreign_site(&self) -> anyhow::Result<bool> {
        let (target, before) = (issue("globex", "GLOBEX-1"), self.left());
        let received = self.get(&target).await?;
        let held = received.status == 404 && self.left() == before;
        self.step(
            held,
            "Ann asks for another tenant's issue: 404, and nothing was sent",
            &self.curl(&target),
            &received,
        )
    }

    async fn somebody_else(&self) -> anyhow::Result<bool> {
        let (target, before) = (
            format!("{}&act_as={}", issue("acme", "ACME-1"), account("bob")),
            self.left(),
        );
        let received = self.get(&target).await?;
        let held = received.status == 403
            && body(&received)["code"] == "act_as_denied"
            && self.left() == before;
        self.step(
            held,
            "Ann wishes to act as Bob without a grant: 403, and nothing was sent",
            &self.curl(&target),
            &received,
        )
    }

    async fn edit(&self) -> anyhow::Result<bool> {
        let target = issue("acme", "ACME-2");
        let before = self.get(&target).await?;
        let file = self.stage.folder().join("policies/50-freeze.cedar");
        let in_force = matches!(self.write([(file.clone(), FREEZE)]).await?, Became::Live);
        let after = self.get(&target).await?;
        let held = in_force
            && before.status == 200
            && after.status == 403
            && body(&after)["code"] == "frozen";
        let outcome = format!(
            "Somebody writes {}: it is proven, and ACME-2 was 200 and is 403, live",
            file.display()
        );
        self.step(held, &outcome, &self.curl(&target), &after)
    }

    /// The scene that everything else is for.
    async fn hole(&self) -> anyhow::Result<bool> {
        let policies = self.stage.folder().join("policies");
        let files = [SEPARATION, PARTNERS].map(|(name, text)| (policies.join(name), text));
        let before = files.clone().map(|(file, _)| fs::read(file).ok());
        let (became, target) = (self.write(files.clone()).await?, issue("acme", "ACME-1"));
        let received = self.get(&target).await?;
        // What was there comes back, so that whoever goes on from here starts with a folder in order.
        for ((file, _), text) in files.iter().zip(before) {
            match text {
                Some(text) => fs::write(file, text)?,
                None => fs::remove_file(file)?,
            }
        }
        let goes_on = received.status == 200;
        let outcome = match &became {
            Became::Refused(_) => {
                "Somebody lets partners read, and with them everybody else: refused with a request that shows it; Ann goes on reading"
            }
            Became::Live => {
                "Somebody lets partners read: under these policies that is proven to open nothing; Ann goes on reading"
            }
            Became::Nothing => "Somebody lets partners read, and nothing comes of it",
        };
        let held = goes_on && !matches!(became, Became::Nothing);
        let held = self.step(held, outcome, &self.curl(&target), &received)?;
        if let Became::Refused(why) = became {
            self.say(&why)?;
        }
        Ok(held)
    }

    /// Writes policies, and waits for what becomes of the folder.
    async fn write<const N: usize>(&self, files: [(PathBuf, &str); N]) -> anyhow::Result<Became> {
        let live = &self.stage.node.shared().live;
        let before = live.status();
        for (file, text) in files {
            fs::write(&file, text).context("the policy cannot be written")?;
        }
        let judged = async {
            loop {
                let now = live.status();
                if let Some(refused) = now.refused.filter(|_| now.refusals > before.refusals) {
                    return Became::Refused(shown(&refused.errors));
                }
                if now.live.map(|live| live.digest)
                    != before.live.as_ref().map(|live| live.digest.clone())
                {
                    return Became::Live;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let judged = tokio::time::timeout(EDIT_TIMEOUT, judged).await;
        Ok(judged.unwrap_or(Became::Nothing))
    }

    async fn log(&self) -> anyhow::Result<bool> {
        let reader = crate::ledger::read::Reader::of(&self.stage.node.shared().opened.db);
        let records = reader
            .page(&crate::ledger::read::Filter::default(), 1000)
            .await?
            .records;
        let effects = |effect: &str| {
            let decided = records
                .iter()
                .filter(|record| record.text("kind") == Some("decision"));
            decided
                .filter(|record| record.text("effect") == Some(effect))
                .count()
        };
        let held = (effects("allow"), effects("deny")) == (ALLOWED, DENIED);
        let outcome = format!(
            "The decision log has it all: {} allowed, {} denied",
            effects("allow"),
            effects("deny")
        );
        let command = self.log_command()?;
        let received = Received {
            status: 200,
            body: String::new(),
        };
        self.step(held, &outcome, &command, &received)?;
        let ready = format!("curl -s http://{}/readyz", self.stage.node.admin_address());
        self.say(&format!("    {}", self.paint(&ready, "2")))?;
        Ok(held)
    }

    /// The program as it runs now: what was built here is in nobody's path.
    fn log_command(&self) -> anyhow::Result<String> {
        let program = std::env::current_exe().context("the program does not know its own path")?;
        Ok(format!(
            "{} log query --database-url {}",
            quoted(&program.display().to_string()),
            quoted(&format!(
                "sqlite://{}/gatepost.db",
                self.stage.folder().display()
            ))
        ))
    }

    /// Requests that reached Jira.
    fn left(&self) -> usize {
        self.stage
            .jira
            .requests()
            .iter()
            .filter(|seen| seen.role == crate::standin::Role::Jira)
            .count()
    }

    async fn get(&self, target: &str) -> anyhow::Result<Received> {
        let token = self.stage.jira.site("acme").context_token(&account("ann"));
        self.send("GET", target, &format!("JWT {token}"), "").await
    }

    async fn send(
        &self,
        method: &str,
        target: &str,
        authorization: &str,
        body: &str,
    ) -> anyhow::Result<Received> {
        let message = Message {
            method,
            authority: &self.stage.authority(),
            target,
            authorization,
            headers: &[],
            body,
        };
        wire::exchange(&message)
            .await
            .context("the gateway does not answer")
    }

    /// The same request for a shell, with a token fetched anew: a token lives for 15 minutes.
    fn curl(&self, target: &str) -> String {
        let token = format!(
            "{}/_standin/sites/acme/context-token?account=ann",
            self.stage.jira.oauth_server()
        );
        format!(
            "curl -s -H \"Authorization: JWT $(curl -s '{token}')\" 'http://{}{target}'",
            self.stage.authority()
        )
    }

    fn step(
        &self,
        held: bool,
        outcome: &str,
        command: &str,
        received: &Received,
    ) -> anyhow::Result<bool> {
        let (mark, colour) = if held { ("ok", "32") } else { ("FAILED", "31") };
        self.say(&format!("{}  {outcome}", self.paint(mark, colour)))?;
        if !held {
            self.say(&format!(
                "    it was {}: {}",
                received.status,
                received.body.trim()
            ))?;
        }
        self.say(&format!("    {}", self.paint(command, "2")))?;
        Ok(held)
    }

    fn paint(&self, text: &str, colour: &str) -> String {
        if self.colour {
            format!("\u{1b}[{colour}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    #[expect(
        clippy::unused_self,
        reason = "reads as what it is: the teller says it"
    )]
    fn say(&self, line: &str) -> anyhow::Result<()> {
        Ok(writeln!(std::io::stdout(), "{line}")?)
    }
}

/// What became of an edit.
enum Became {
    Live,
    Refused(String),
    Nothing,
}

/// The first fault, and the request that shows it.
fn shown(errors: &PolicyError) -> String {
    let Some(fault) = errors.faults().first() else {
        return String::new();
    };
    let found = fault.counterexample().map(ToString::to_string);
    let text = format!("{fault}\n{}", found.unwrap_or_default());
    let lines = text.lines().map(|line| format!("      {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// One word of a shell, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn issue(site: &str, key: &str) -> String {
    format!("/v1/issue?site=https://{site}.atlassian.net&issue={key}&fields=summary,status")
}

fn body(received: &Received) -> Value {
    serde_json::from_str(&received.body).unwrap_or_default()
}
