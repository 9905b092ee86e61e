//! A set in parts, so that a question is put only to the policies that can touch it: Cedar evaluates every policy that it is given,
//! 10,000 of them in 100 ms. May be used by `decision` to evaluate, and by `policy` to prove that parts and whole agree. What must
//! never happen here: a policy that can touch a question is in none of its parts, or in two.
//!
//! Policies that name groups of Jira users stand apart in each part: who is in these has to be asked of Jira, which is spared by what
//! the others forbid, and where none of these bears on the question.
//!
//! Parts and not a copy of the set for each tenant: a tenant costs the memory of its own policies, not that of the shared ones, and
//! a question between two tenants needs no set of its own. Another part costs less than 1 µs: a decision takes 28.3 µs with 23
//! policies over 2 tenants, 28.5 with 10,000 over 1,000, and 19.7 ms if it is put to the whole of these.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{Policy, PolicySet, PolicySetError};

use super::bearing::Bearing;
use super::reach::{Reach, Side};
use crate::tenant::GroupId;

/// How many sets a question is put to at most, whoever is in which group.
const FIRST_MAX: usize = 4;

/// A set in parts: every policy is in the shared part, or in those of the tenants that it names.
#[derive(Debug, Default)]
pub(crate) struct Slices {
    /// What no tenant is named in.
    shared: Part,
    tenants: HashMap<String, Own>,
    /// A tenant with parts of a middling size; see [`Slices::parts`].
    middling: Option<String>,
}

/// What one tenant is named in.
#[derive(Debug, Default)]
struct Own {
    /// All for questions that stay inside of it: its name stands on one side or both, and no other name.
    inside: Part,
    /// Its accounts, and things of everybody.
    outgoing: Part,
    /// Accounts of everybody, and its things.
    incoming: Part,
    /// Its accounts, and things of one other tenant.
    across: HashMap<String, Part>,
}

/// Policies of one reach.
#[derive(Debug, Default)]
struct Part {
    /// Those that name no group.
    plain: PolicySet,
    /// Those that do.
    naming: Late,
    /// The groups, by their tenant.
    groups: HashMap<String, BTreeSet<GroupId>>,
}

/// Policies that name groups.
#[derive(Debug, Default)]
pub(crate) struct Late {
    pub(crate) policies: PolicySet,
    /// Under the same ids as permits: where none of them matches, none of the policies can, whoever is in which group.
    pub(crate) before: PolicySet,
}

/// What a question is put to.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// What depends on nobody's groups.
    pub(crate) first: Vec<&'a PolicySet>,
    /// What does, if nothing of the first forbids. Of a question between two tenants nobody's groups are ever asked for: these policies
    /// are not evaluated there, whatever they name.
    pub(crate) late: Vec<&'a Late>,
}

/// A policy, what it can touch, and what there is to know where it names groups.
pub(crate) type Sorted<'a> = (&'a Policy, &'a Reach, Option<&'a Bearing>);

impl Slices {
    /// Sorts policies into parts. Their ids must differ.
    pub(crate) fn of<'a>(
        policies: impl IntoIterator<Item = Sorted<'a>>,
    ) -> Result<Self, Box<PolicySetError>> {
        let mut slices = Self::default();
        for policy in policies {
            slices.add(policy)?;
        }
        slices.middling = slices.middling();
        Ok(slices)
    }

    /// What a question of an account of `principal` about a thing of `resource` is put to: every policy that can touch it, once.
    ///
    /// Where the tenants differ, a tenant without incoming policies gets those of another: they match nothing there, but take the
    /// time that a registered site with policies of its own takes, so that time does not tell it from an unknown one.
    pub(crate) fn parts(&self, principal: &str, resource: &str) -> Parts<'_> {
        let mut parts = Parts {
            first: Vec::with_capacity(FIRST_MAX),
            late: Vec::new(),
        };
        parts.add(&self.shared);
        let asks = self.tenants.get(principal);
        if principal == resource {
            if let Some(own) = asks {
                parts.add(&own.inside);
            }
            // In groups of other tenants its accounts are not, whatever Jira says.
            if !parts.late.is_empty() && !self.names_groups(principal) {
                let late = std::mem::take(&mut parts.late);
                parts
                    .first
                    .extend(late.into_iter().map(|late| &late.policies));
            }
            return parts;
        }
        if let Some(own) = asks {
            parts.add(&own.outgoing);
            if let Some(part) = own.across.get(resource) {
                parts.add(part);
            }
        }
        let asked = self.tenants.get(resource).map(|own| &own.incoming);
        parts.add_late(asked);
        parts.first.extend(self.incoming(asked));
        parts
    }

    /// Whether it matters to questions inside of this tenant in which groups its accounts are.
    pub(crate) fn names_groups(&self, tenant: &str) -> bool {
        self.naming(tenant).next().is_some()
    }

    /// The groups of this tenant that bear on questions inside of it, sorted.
    pub(crate) fn groups(&self, tenant: &str) -> Vec<GroupId> {
        let named: BTreeSet<GroupId> = self.naming(tenant).flatten().copied().collect();
        named.into_iter().collect()
    }

    /// The policies of the parts for such a question: for a proof that they say what the whole set says.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the prover of the set"))]
    pub(crate) fn policies(&self, principal: &str, resource: &str) -> Vec<&Policy> {
        let Parts { first, late } = self.parts(principal, resource);
        let late = late.into_iter().map(|late| &late.policies);
        let parts = first.into_iter().chain(late);
        parts.flat_map(PolicySet::policies).collect()
    }

    fn naming(&self, tenant: &str) -> impl Iterator<Item = &BTreeSet<GroupId>> {
        let own = self.tenants.get(tenant).map(|own| &own.inside);
        let parts = [Some(&self.shared), own].into_iter().flatten();
        parts.filter_map(|part| part.groups.get(tenant))
    }

    fn incoming<'a>(&'a self, asked: Option<&'a Part>) -> Option<&'a PolicySet> {
        let named = asked.map(|part| &part.plain);
        named.filter(|part| !part.is_empty()).or_else(|| {
            let middling = self.middling.as_ref()?;
            Some(&self.tenants.get(middling)?.incoming.plain)
        })
    }

    fn middling(&self) -> Option<String> {
        let tenants = self.tenants.iter();
        let mut sizes: Vec<_> = tenants
            .map(|(tenant, own)| (own.incoming.plain.num_of_policies(), tenant))
            .filter(|(count, _)| *count > 0)
            .collect();
        sizes.sort_unstable();
        let (_, tenant) = sizes.get(sizes.len() / 2)?;
        Some((*tenant).clone())
    }

    fn add(&mut self, policy: Sorted<'_>) -> Result<(), Box<PolicySetError>> {
        let (_, reach, _) = policy;
        let mut add = |tenant: &str, select: &dyn Fn(&mut Own) -> &mut Part| {
            let own = self.tenants.entry(tenant.to_owned()).or_default();
            select(own).add(policy)
        };
        match (&reach.principal, &reach.resource) {
            (Side::Any, Side::Any) => self.shared.add(policy),
            (Side::Tenant(from), Side::Any) => {
                add(from, &|own| &mut own.inside)?;
                add(from, &|own| &mut own.outgoing)
            }
            (Side::Any, Side::Tenant(to)) => {
                add(to, &|own| &mut own.inside)?;
                add(to, &|own| &mut own.incoming)
            }
            (Side::Tenant(from), Side::Tenant(to)) if from == to => {
                add(from, &|own| &mut own.inside)
            }
            (Side::Tenant(from), Side::Tenant(to)) => {
                add(from, &|own| own.across.entry(to.clone()).or_default())
            }
        }
    }
}

impl Part {
    fn add(&mut self, (policy, _, bearing): Sorted<'_>) -> Result<(), Box<PolicySetError>> {
        let Some(bearing) = bearing else {
            return self.plain.add(policy.clone()).map_err(Box::new);
        };
        for (tenant, id) in &bearing.named {
            let of_tenant = self.groups.entry(tenant.clone()).or_default();
            of_tenant.insert(*id);
        }
        self.naming.add(policy, bearing)
    }
}

impl Late {
    fn add(&mut self, policy: &Policy, bearing: &Bearing) -> Result<(), Box<PolicySetError>> {
        self.policies.add(policy.clone())?;
        self.before.add(bearing.before.clone()).map_err(Box::new)
    }

    /// The policies of a set that name groups, and the set without them: for a comparison with the parts.
    pub(crate) fn apart(set: &PolicySet) -> Result<(Self, PolicySet), String> {
        let (mut late, mut rest) = (Self::default(), PolicySet::new());
        for policy in set.policies() {
            let json = policy.to_json().map_err(|error| error.to_string())?;
            let added = match Bearing::of(policy, &json)? {
                Some(bearing) => late.add(policy, &bearing),
                None => rest.add(policy.clone()).map_err(Box::new),
            };
            added.map_err(|error| error.to_string())?;
        }
        Ok((late, rest))
    }
}

impl<'a> Parts<'a> {
    fn add(&mut self, part: &'a Part) {
        if !part.plain.is_empty() {
            self.first.push(&part.plain);
        }
        self.add_late([part]);
    }

    fn add_late(&mut self, parts: impl IntoIterator<Item = &'a Part>) {
        let naming = parts.into_iter().map(|part| &part.naming);
        self.late
            .extend(naming.filter(|late| !late.policies.is_empty()));
    }
}

#[cfg(test)]
mod tests;
