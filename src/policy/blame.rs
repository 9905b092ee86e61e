//! Faults by whose files they lie in: those of one tenant, or those that all share. What must never happen here: a fault is lost
//! because there are many of another tenant's.

use std::collections::BTreeMap;

use super::draft;
use super::error::{Fault, Faults, PolicyError};

/// What is wrong with a set.
#[derive(Debug, Default)]
pub(super) struct Blame {
    shared: Faults,
    tenants: BTreeMap<String, Faults>,
    is_any: bool,
}

/// The faults of each tenant whose files have any.
pub type ByTenant = BTreeMap<String, PolicyError>;

impl Blame {
    pub(super) fn push(&mut self, fault: Fault) {
        self.owner(fault.file()).push(fault);
    }

    /// Notes what is wrong with a file, and goes on without it.
    pub(super) fn part<T>(&mut self, path: &str, part: Result<T, PolicyError>) -> Option<T> {
        match part {
            Ok(part) => Some(part),
            Err(error) => self.owner(path).part(Err(error)),
        }
    }

    /// `value`, if nothing was found.
    pub(super) fn none_or<T>(self, value: T) -> Result<T, Self> {
        if self.is_any { Err(self) } else { Ok(value) }
    }

    /// What is wrong with files that all share, and what with those of tenants.
    pub(super) fn apart(self) -> (Result<(), PolicyError>, ByTenant) {
        let tenants = self.tenants.into_iter();
        let tenants = tenants
            .filter_map(|(tenant, faults)| Some((tenant, faults.none_or(()).err()?)))
            .collect();
        (self.shared.none_or(()), tenants)
    }

    /// All of it.
    pub(super) fn whole(self) -> PolicyError {
        let (shared, tenants) = self.apart();
        let mut faults = Faults::default();
        faults.part(shared);
        for error in tenants.into_values() {
            faults.part::<()>(Err(error));
        }
        // INVARIANT: `none_or` gives blame only where there are faults.
        faults.none_or(()).expect_err("blame for nothing")
    }

    fn owner(&mut self, path: &str) -> &mut Faults {
        self.is_any = true;
        match draft::tenant_of(path) {
            Some(tenant) => self.tenants.entry(tenant.to_owned()).or_default(),
            None => &mut self.shared,
        }
    }
}
