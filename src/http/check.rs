//! `POST /v1/check`: would this be allowed. The body is read into types here; `gateway` weighs it.
//! Nothing may be sent or looked up for it, and an unknown site must read as a foreign one.

use std::collections::BTreeMap;

use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::decision::Action;
use crate::gateway::Inquiry;
use crate::identity::strict_json;
use crate::tenant::IssueRef;
use crate::tenant::registry::SiteAsked;

use super::parse::{self, ParseError};
use super::problem;
use super::visit::{Done, Failure, Visit};

/// The members, in the order of their names.
const MEMBERS: [&str; 4] = ["act_as", "action", "issue", "site"];

/// What the body asks, as it is written.
#[derive(Debug, Default)]
struct Asked(BTreeMap<String, String>);

pub(super) async fn check(mut visit: Visit) -> Response {
    visit.begin_check();
    let result = answer(&mut visit).await;
    visit.finish(result).await
}

async fn answer(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    let asked = Asked::read(&visit.body().await?)?;
    visit.note(
        asked.text("site"),
        asked.text("issue"),
        asked.text("act_as"),
    );
    if let Some(Ok(action)) = asked.text("action").map(named) {
        visit.note_action(action);
    }
    let inquiry = inquiry(visit, &asked)?;
    let told = visit.check(inquiry).await?;
    let reason = told
        .reason
        .or_else(|| (!told.allowed).then(|| problem::sentence(&told.code).to_owned()));
    let body = json!({
        "allowed": told.allowed,
        "code": told.code,
        "reason": reason,
        "decision_id": visit.decision_id(),
    });
    Ok(Done::Json(Bytes::from(body.to_string())))
}

impl Asked {
    fn read(body: &[u8]) -> Result<Self, ParseError> {
        let members: BTreeMap<String, Value> = strict_json::parse(body)?;
        let mut asked = Self::default();
        for (name, value) in members {
            let known = MEMBERS.into_iter().find(|known| *known == name);
            let known = known.ok_or_else(|| ParseError::unknown_member(&name))?;
            match value {
                Value::String(text) => asked.0.insert(name, text),
                Value::Null => None,
                _ => return Err(ParseError::NotText(known)),
            };
        }
        Ok(asked)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn inquiry(visit: &Visit, asked: &Asked) -> Result<Inquiry, ParseError> {
    let site = asked.text("site").map(str::parse).transpose()?;
    let issue: Option<IssueRef> = asked.text("issue").map(str::parse).transpose()?;
    Ok(Inquiry {
        credential: parse::credential(&visit.parts.headers),
        method: "POST",
        raw_target: visit.target(),
        site: site.map_or(SiteAsked::Own, SiteAsked::Site),
        action: action(asked.text("action"), issue.as_ref())?,
        issue,
        act_as: parse::act_as(&visit.parts.headers, asked.text("act_as"))?,
        ip: visit.ip,
    })
}

/// The action, if it goes with what it is to be done to. An issue's number has no project that policies could look at: all that can
/// be said of it is whether the site may be asked for it.
fn action(name: Option<&str>, issue: Option<&IssueRef>) -> Result<Action, ParseError> {
    match (name.map(named).transpose()?, issue) {
        (None | Some(Action::GetIssue | Action::FindIssue), Some(IssueRef::Id(_))) => {
            Ok(Action::FindIssue)
        }
        (None, Some(IssueRef::Key(_))) => Ok(Action::GetIssue),
        (None, None) => Err(ParseError::MissingMember("issue")),
        (Some(action), Some(IssueRef::Key(_))) if action.is_about_issue() => Ok(action),
        (Some(action), None) if !action.is_about_issue() && action != Action::FindIssue => {
            Ok(action)
        }
        (Some(action), issue) => Err(ParseError::Mismatch(action.as_str(), wants(action, issue))),
    }
}

fn named(name: &str) -> Result<Action, ParseError> {
    let mut all = Action::ALL.into_iter();
    all.find(|action| action.as_str() == name)
        .ok_or_else(|| ParseError::unknown_action(name))
}

/// What the action is done to.
fn wants(action: Action, issue: Option<&IssueRef>) -> &'static str {
    match (action, issue) {
        (Action::FindIssue, _) => "an `issue` by its number",
        (_, Some(IssueRef::Id(_))) if action.is_about_issue() => "an `issue` by its key",
        _ if action.is_about_issue() => "an `issue`",
        _ => "a site and no `issue`",
    }
}
