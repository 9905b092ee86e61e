//! A fault in the folder of one tenant is that tenant's own: everybody else gets the new rules, and it keeps its last good files.
//! May be used by whoever loads one set after the other. What must never happen here: a tenant is served without its own files
//! because they are at fault. A forbid may be missing then, so it is closed instead.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use super::blame::ByTenant;
use super::draft::Draft;
use super::error::PolicyError;
use super::memo::Workshop;
use super::schema::Vocabulary;
use super::validated::Validated;

/// A tenant whose new files are at fault, and not in the set.
#[derive(Clone, Debug)]
pub struct Confined {
    /// The tenant: the name of its folder.
    pub tenant: String,
    /// What is wrong with its files.
    pub errors: PolicyError,
    /// Whether it has no earlier files, so that every question of its accounts is denied. Otherwise those are in the set.
    pub is_closed: bool,
}

impl Validated {
    /// Checks a draft, and keeps a tenant whose files are at fault to its files in `last_good`, the set that is in force. Files that
    /// all share must be in order, or the whole set is refused.
    ///
    /// Where its files in `last_good` do not fit under the new shared ones either, what all share wins, and the tenant is closed: a
    /// forbid that is urgent goes live whatever a tenant wrote. Only a tenant that wrote nothing since then is not closed for what
    /// others changed; then the set is refused, and whoever changed the shared files finds another id.
    ///
    /// `blamed` are tenants whose files somebody else found at fault, such as a prover that could not show them inert.
    ///
    /// The set's digest is that of the files it is made of, which are not those of `draft` where a tenant is confined. A tenant that
    /// is closed has the file `closed` in its folder, so that the set says the same wherever it is read again.
    pub fn check_confined(
        workshop: &mut Workshop,
        draft: &Draft,
        vocabulary: &Vocabulary,
        last_good: Option<&Draft>,
        blamed: ByTenant,
    ) -> Result<(Self, Vec<Confined>), PolicyError> {
        let composed = compose(workshop, draft, vocabulary, last_good, blamed);
        workshop.sweep();
        composed
    }
}

/// Tries without the tenants at fault until nobody is. Each round finds a tenant more, so there is an end; a round after the first
/// finds nearly everything in the workshop.
fn compose(
    workshop: &mut Workshop,
    draft: &Draft,
    vocabulary: &Vocabulary,
    last_good: Option<&Draft>,
    mut at_fault: ByTenant,
) -> Result<(Validated, Vec<Confined>), PolicyError> {
    let tenants = draft.tenants();
    // What could not be read comes first: a tenant is not judged by the rest of its files.
    at_fault.extend(draft.unread().clone());
    at_fault.retain(|tenant, _| tenants.contains(tenant.as_str()));
    let wrote = changed(draft, last_good);
    let mut changed = wrote.clone();
    let mut unfit = BTreeSet::new();
    // INVARIANT: a round that goes on has one tenant more at fault, or one more of these that is closed.
    loop {
        let confined: BTreeSet<&str> = at_fault.keys().map(String::as_str).collect();
        let composed = draft.with_tenants_of(last_good, &confined, &unfit)?;
        // Whoever had an id keeps it: a tenant must not be able to put another at fault by taking one of its ids.
        changed.retain(|tenant| !confined.contains(tenant));
        let blame = match Validated::check_files(workshop, &composed, vocabulary, &changed) {
            Ok(set) => return Ok(told(set, at_fault)),
            Err(blame) => blame,
        };
        let (shared, tenants) = blame.apart();
        shared?;
        for (tenant, errors) in tenants {
            let known = match at_fault.entry(tenant) {
                Entry::Vacant(free) => {
                    free.insert(errors);
                    continue;
                }
                Entry::Occupied(known) => known.key().clone(),
            };
            // Its earlier files were good, and are good no more under the new ones that all share.
            if !wrote.contains(known.as_str()) || !unfit.insert(known) {
                return Err(errors);
            }
        }
    }
}

/// The tenants whose files are others than before.
fn changed<'a>(draft: &'a Draft, last_good: Option<&Draft>) -> BTreeSet<&'a str> {
    let is_changed = |tenant: &&str| {
        let is_same = |last: &Draft| last.of_tenant(tenant).eq(draft.of_tenant(tenant));
        draft.unread().contains_key(*tenant) || !last_good.is_some_and(is_same)
    };
    draft.tenants().into_iter().filter(is_changed).collect()
}

fn told(set: Validated, at_fault: ByTenant) -> (Validated, Vec<Confined>) {
    let confined = at_fault.into_iter().map(|(tenant, errors)| Confined {
        is_closed: set.rules().is_closed(&tenant),
        tenant,
        errors,
    });
    let confined = confined.collect();
    (set, confined)
}
