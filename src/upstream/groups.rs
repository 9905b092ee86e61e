//! In which groups an account is, as Jira tells the app: asked once, kept for as long as an answer may be old. Used by `Jira` only.
//! What is too old, failed, or was never asked must be no answer. An account without groups is something else: in none of them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use moka::future::Cache;
use serde::Deserialize;

use crate::clock::{Clock, Timestamp};
use crate::decision::LookPermit;
use crate::identity::Principal;
use crate::identity::qsh::qsh;
use crate::outbound::{
    ApiHost, Authorization, Destination, Outbound, OutboundError, Received, SiteRequest,
};
use crate::tenant::{AccountId, GroupId, GroupSet, TenantId};

use super::keys::{Keys, NotShown, Shown};

/// What is asked for memberships, and what for is not.
#[derive(Clone, Debug)]
pub struct Memberships {
    /// The app's key, as in its descriptor.
    pub app_key: String,
    /// How old an answer of Jira may be.
    pub age_max: Duration,
    /// How long Jira may take.
    pub timeout: Duration,
}

/// Why it is not known in which groups an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Jira is not asked for groups (`policy.jira_groups`).
    Off,
    /// That Jira is asked could not be recorded, so it was not.
    NotRecorded,
    /// The tenant changed meanwhile, or somebody is blocked.
    Revoked,
    /// Nothing is known here with which the app itself could ask this tenant's site.
    NoWay,
    /// Forge alone knows the tenant, and what its last trigger brought is over.
    Stale,
    /// Jira did not answer in time.
    Slow,
    /// The request's own time is over.
    Late,
    /// Jira could not be asked.
    Unreachable,
    /// Jira has had enough.
    Limited,
    /// Jira answered with this status.
    Status(u16),
    /// The answer is no list of groups, or a longer one than anybody's.
    Malformed,
}

impl From<NotShown> for Unknown {
    fn from(why: NotShown) -> Self {
        match why {
            NotShown::NoWay => Self::NoWay,
            NotShown::Stale => Self::Stale,
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Off => "off",
            Self::NotRecorded => "not_recorded",
            Self::Revoked => "revoked",
            Self::NoWay => "no_way",
            Self::Stale => "forge_token_stale",
            Self::Slow => "slow",
            Self::Late => "late",
            Self::Unreachable => "unreachable",
            Self::Limited => "limited",
            Self::Status(status) => return write!(out, "status_{status}"),
            Self::Malformed => "malformed",
        };
        out.write_str(word)
    }
}

/// Account ids are global, and groups are a site's: every part of this bears on the answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    tenant: TenantId,
    epoch: u64,
    account: AccountId,
}

/// What came of asking.
#[derive(Clone, Debug)]
enum Seen {
    /// Counted from before it was asked: what changed while Jira answered is as old as that.
    In { groups: GroupSet, at: Timestamp },
    /// Not asked again before then, so that a Jira that fails is not asked by every request.
    Failed { why: Unknown, until: Timestamp },
}

/// The cache of memberships. Cheap to clone; shared by all workers.
#[derive(Clone)]
pub(super) struct Groups {
    settings: Option<Memberships>,
    /// Whether it was said that policies want what is switched off.
    told: Arc<AtomicBool>,
    keys: Keys,
    api: ApiHost,
    clock: Clock,
    cache: Cache<Key, Arc<Seen>>,
    /// Until when Jira wants to be left alone, by tenant and epoch: its limit is the app's on a site, whoever is asked about.
    limited: Cache<(TenantId, u64), Timestamp>,
}

/// 60,000 accounts of 20 groups each.
const CACHE_BYTES_MAX: u64 = 32 * 1024 * 1024;
const BYTES_OF_KEY: usize = 256;
const BYTES_OF_GROUP: usize = 16;
/// The largest answer. A group takes 200 to 500 bytes of it, most of them for its address and name.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// More than anybody is in. A list that is longer is not cut: whoever is missing from it would be in no group of the rest.
const GROUPS_MAX: usize = 2_000;
/// The pause after a failure; and after Jira's limit, where it does not say how long.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_OF_LIMIT: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// Tenants that limit requests at once, a hundred bytes each. Of more than these, each account is asked about once.
const LIMITED_MAX: u64 = 10_000;
/// Longer than an answer may be old; that decides, this only frees memory.
const KEPT: Duration = Duration::from_hours(1);

impl Groups {
    pub(super) fn new(
        settings: Option<Memberships>,
        keys: Keys,
        api: ApiHost,
        clock: Clock,
    ) -> Self {
        let weight = |_: &Key, seen: &Arc<Seen>| {
            let groups = match &**seen {
                Seen::In { groups, .. } => groups.count(),
                Seen::Failed { .. } => 0,
            };
            u32::try_from(BYTES_OF_KEY + groups * BYTES_OF_GROUP).unwrap_or(u32::MAX)
        };
        Self {
            settings,
            told: Arc::default(),
            keys,
            api,
            clock,
            cache: Cache::builder()
                .max_capacity(CACHE_BYTES_MAX)
                .weigher(weight)
                .time_to_live(KEPT)
                .build(),
            limited: Cache::builder()
                .max_capacity(LIMITED_MAX)
                .time_to_live(PAUSE_MAX)
                .build(),
        }
    }

    /// The groups of `account`, of the principal's tenant, if Jira said so not too long ago.
    pub(super) async fn at_hand(
        &self,
        principal: &Principal,
        account: &AccountId,
    ) -> Option<GroupSet> {
        let settings = self.settings.as_ref()?;
        let seen = self.cache.get(&key(principal, account)).await?;
        self.good(settings, &seen)?.ok()
    }

    /// The same, and Jira is asked if that is not known. Requests for the same account at once ask once; the one that does has to
    /// bring a permit, which is not asked for otherwise.
    pub(super) async fn of<'l>(
        &self,
        outbound: &Outbound,
        principal: &Principal,
        account: &AccountId,
        permit: impl Future<Output = Option<LookPermit<'l>>>,
    ) -> Result<GroupSet, Unknown> {
        let settings = self.settings.as_ref().ok_or_else(|| self.off())?;
        let key = key(principal, account);
        if let Some(seen) = self.cache.get(&key).await {
            if let Some(known) = self.good(settings, &seen) {
                return known;
            }
            self.drop_if_same(&key, &seen).await;
        }
        if self.is_limited(principal).await {
            return Err(Unknown::Limited);
        }
        let asking = async {
            let permit = permit.await.ok_or(Unknown::NotRecorded)?;
            Ok(Arc::new(self.seen(settings, outbound, &permit).await))
        };
        let seen = self.cache.try_get_with(key, asking).await;
        let seen = seen.map_err(|why: Arc<Unknown>| *why)?;
        // An answer that was longer in coming than it may be old is none.
        self.good(settings, &seen).unwrap_or(Err(Unknown::Slow))
    }

    async fn is_limited(&self, principal: &Principal) -> bool {
        let until = self.limited.get(&site(principal)).await;
        until.is_some_and(|until| self.clock.now() < until)
    }

    /// Said once: each request has its record.
    fn off(&self) -> Unknown {
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "policies name groups of Jira users, and `policy.jira_groups` is off: what they bear on is denied"
            );
        }
        Unknown::Off
    }

    /// What was seen, as long as it counts.
    fn good(&self, settings: &Memberships, seen: &Seen) -> Option<Result<GroupSet, Unknown>> {
        let now = self.clock.now();
        match seen {
            // Where the clock was turned back, nobody knows how old it is.
            Seen::In { groups, at } => {
                let is_good = *at <= now && now.since(*at) < settings.age_max;
                is_good.then(|| Ok(groups.clone()))
            }
            Seen::Failed { why, until } => (now < *until).then_some(Err(*why)),
        }
    }

    /// Another request may have put a fresh one in its place meanwhile.
    async fn drop_if_same(&self, key: &Key, seen: &Arc<Seen>) {
        let kept = self.cache.get(key).await;
        if kept.is_some_and(|kept| Arc::ptr_eq(&kept, seen)) {
            self.cache.invalidate(key).await;
        }
    }

    async fn seen(
        &self,
        settings: &Memberships,
        outbound: &Outbound,
        permit: &LookPermit<'_>,
    ) -> Seen {
        let at = self.clock.now();
        match self.ask(settings, outbound, permit, at).await {
            Ok(groups) => Seen::In { groups, at },
            Err((why, pause)) => {
                let (tenant, pause_ms) = (permit.principal().tenant(), pause.as_millis());
                tracing::warn!(tenant.id = %tenant, %why, pause_ms, "groups of an account are not known");
                let until = self.clock.now().plus(pause);
                Seen::Failed { why, until }
            }
        }
    }

    /// `GET /rest/api/3/user/groups` of the principal's own site, as the app: with its own token at the site, or with Forge's at the API
    /// host where Forge alone knows the tenant.
    async fn ask(
        &self,
        settings: &Memberships,
        outbound: &Outbound,
        permit: &LookPermit<'_>,
        now: Timestamp,
    ) -> Result<GroupSet, (Unknown, Duration)> {
        let failed = |why: Unknown| (why, PAUSE);
        let asker = self
            .keys
            .asker(permit)
            .map_err(|_| failed(Unknown::Revoked))?;
        let account = permit.account().as_str();
        // INVARIANT: an account id has no character that means anything in a query (`AccountId`).
        let target = format!("/rest/api/3/user/groups?accountId={account}");
        let qsh = qsh("GET", &target, "").map_err(|_| failed(Unknown::NoWay))?;
        let shown = asker.shown(&settings.app_key, &qsh, now);
        let shown = shown.map_err(|why| failed(why.into()))?;
        let cloud;
        let (to, authorization) = match &shown {
            Shown::AtSite(whole) => {
                let host = permit.tenant().site.host();
                (Destination::Site { host }, Authorization::Whole(whole))
            }
            Shown::AtApiHost(token, id) => {
                cloud = id.to_string();
                let (host, cloud) = (&self.api, cloud.as_str());
                (
                    Destination::Api { host, cloud },
                    Authorization::Bearer(token),
                )
            }
        };
        let request = SiteRequest {
            to,
            segments: &["rest", "api", "3", "user", "groups"],
            query: &[("accountId", account)],
            authorization: Some(authorization),
            request_id: permit.request_id(),
        };
        let received = outbound.read_site_within(&request, settings.timeout, ANSWER_BYTES_MAX);
        let received = received.await.map_err(|error| {
            failed(match error {
                OutboundError::TooLarge(..) => Unknown::Malformed,
                error if error.is_timeout() => Unknown::Slow,
                _ => Unknown::Unreachable,
            })
        })?;
        // Jira may be slow: what comes back after a revocation is nobody's.
        self.keys
            .asker(permit)
            .map_err(|_| failed(Unknown::Revoked))?;
        self.judged(permit, &received).await
    }

    /// What the answer says; how long Jira is left alone where it says nothing.
    async fn judged(
        &self,
        permit: &LookPermit<'_>,
        received: &Received,
    ) -> Result<GroupSet, (Unknown, Duration)> {
        match received.status {
            200 => read(&received.body).ok_or((Unknown::Malformed, PAUSE)),
            429 => {
                let wanted = received.retry_after_s().map(Duration::from_secs);
                let pause = wanted.unwrap_or(PAUSE_OF_LIMIT).clamp(PAUSE, PAUSE_MAX);
                let until = self.clock.now().plus(pause);
                self.limited.insert(site(permit.principal()), until).await;
                Err((Unknown::Limited, pause))
            }
            status => {
                if status == 401 {
                    self.keys.note_refusal(permit.tenant(), Some(status));
                }
                Err((Unknown::Status(status), PAUSE))
            }
        }
    }
}

/// Whose limit it is: the app's on a site.
fn site(principal: &Principal) -> (TenantId, u64) {
    (principal.tenant().clone(), principal.epoch())
}

fn key(principal: &Principal, account: &AccountId) -> Key {
    Key {
        tenant: principal.tenant().clone(),
        epoch: principal.epoch(),
        account: account.clone(),
    }
}

/// One group without an id makes nothing of the whole list: it could be the one that a `forbid` names.
fn read(body: &[u8]) -> Option<GroupSet> {
    #[derive(Deserialize)]
    struct Group {
        #[serde(rename = "groupId")]
        id: GroupId,
    }
    let groups: Vec<Group> = serde_json::from_slice(body).ok()?;
    (groups.len() <= GROUPS_MAX).then(|| groups.into_iter().map(|group| group.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"groupId":"276f955c-63d7-42c8-9520-92d01dca0625","name":"staff","self":"https://acme.atlassian.net/x"}"#;

    #[test]
    fn a_list_of_groups_is_read_whole() {
        let one: GroupId = "276f955c-63d7-42c8-9520-92d01dca0625".parse().unwrap();
        assert_eq!(read(b"[]").unwrap().count(), 0);
        let twice = read(format!("[{ONE},{ONE}]").as_bytes()).unwrap();
        assert_eq!((twice.count(), twice.contains(one)), (1, true));
        let upper = ONE.replace("276f955c", "276F955C");
        assert!(read(format!("[{upper}]").as_bytes()).unwrap().contains(one));
    }

    #[test]
    fn what_is_no_list_of_groups_is_no_answer() {
        let many = vec![ONE; GROUPS_MAX + 1].join(",");
        for wrong in [
            "",
            "{}",
            "null",
            r#"{"groups":[]}"#,
            &format!("[{ONE}"),
            &format!("[{ONE}] []"),
            &format!(r#"[{ONE},{{"name":"other"}}]"#),
            r#"[{"groupId":null,"name":"staff"}]"#,
            r#"[{"groupId":"unknown","name":"staff"}]"#,
            r#"[{"groupId":"jira-administrators"}]"#,
            r#"[{"groupId":"276f955c-63d7-42c8-9520-92d01dca0625","groupId":"376f955c-63d7-42c8-9520-92d01dca0625"}]"#,
            &format!("[{many}]"),
        ] {
            let shown: String = wrong.chars().take(80).collect();
            assert_eq!(read(wrong.as_bytes()), None, "{shown}");
        }
    }
}
