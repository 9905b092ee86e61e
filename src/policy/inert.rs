//! Whether the policies in a tenant's folder do nothing outside of it: whoever writes there must not be able to allow, forbid or
//! break anything for others. May be used by `policy`. What must never happen here: a policy passes as inert that its text does not
//! show to be; that is for the prover to say.

use std::collections::BTreeMap;

use cedar_policy::PolicyId;

use super::blame::{Blame, ByTenant};
use super::error::{Fault, Faults};
use super::parsed::Entry;
use super::reach::Side;

/// What is to be proven: this policy matches and fails only for principals of this tenant.
pub type Obligation = (PolicyId, String);

/// The policies of tenants' folders whose text does not show that they are inert outside.
#[derive(Debug, Default)]
pub(super) struct Inert {
    pub(super) obligations: Vec<Obligation>,
    faults: Vec<(String, Fault)>,
}

impl Inert {
    /// Reads a policy of a tenant's folder.
    pub(super) fn read(&mut self, tenant: &str, entry: &Entry, blame: &mut Blame) {
        let place = &entry.place;
        match &entry.reach.principal {
            Side::Tenant(whose) if whose == tenant => {}
            Side::Tenant(whose) => blame.push(place.fault(format!(
                "this policy is about accounts of `{whose}`, but it lies in the folder of `{tenant}`"
            ))),
            Side::Any => {
                let id = &entry.rule.policy.id;
                let fault = place.fault(format!(
                    "the text of `{id}` does not show that it is about accounts of `{tenant}` only"
                ));
                let help = format!("put `principal.tenant == Tenant::\"{tenant}\"` first in its `when`");
                self.faults.push((tenant.to_owned(), fault.with_help(help)));
                self.obligations.push((entry.policy.id().clone(), tenant.to_owned()));
            }
        }
    }

    /// What is wrong with such policies where nobody proves anything.
    pub(super) fn unshown(&self) -> ByTenant {
        let mut tenants: BTreeMap<&str, Faults> = BTreeMap::new();
        for (tenant, fault) in &self.faults {
            tenants.entry(tenant).or_default().push(fault.clone());
        }
        let tenants = tenants.into_iter();
        tenants
            .filter_map(|(tenant, faults)| Some((tenant.to_owned(), faults.none_or(()).err()?)))
            .collect()
    }
}
