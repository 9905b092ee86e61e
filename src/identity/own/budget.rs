//! How often credentials may be tried, by where they come from and by the site that they are for, and how often those of one account
//! may be looked up that is known. Used by this folder.
//! It must count alike for sites that are registered and for those that are not, or being refused would tell which are.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::Timestamp;
use crate::identity::pace::Pace;
use crate::secret::Vault;
use crate::tenant::{AccountId, TenantId};

/// Addresses and sites share so many places each: memory is bounded, nothing is ever forgotten for want of room, and whose place one
/// shares follows from a keyed hash, so that nobody can choose it.
const PLACES: usize = 16 * 1024;
/// So many times as much as one address may try those of one customer together.
const HOUSEHOLDS: u32 = 4;
/// Look-ups of one account's credentials at one tenant in a minute, once they are known to be its own. More than two credentials need
/// that are believed for a second each, the least that can be configured.
const PER_ACCOUNT: u32 = 120;

/// What may still be tried.
#[derive(Debug)]
pub(super) struct Budget {
    vault: Arc<Vault>,
    of_source: Paces,
    of_customer: Paces,
    of_site: Paces,
    of_account: Paces,
}

#[derive(Debug)]
struct Paces {
    pace: Pace,
    /// When the next one would come if all kept the interval, in microseconds.
    places: Box<[AtomicI64]>,
}

impl Budget {
    pub(super) fn new(vault: Arc<Vault>, per_source: u32, per_site: u32) -> Self {
        Self {
            vault,
            of_source: Paces::new(per_source),
            of_customer: Paces::new(per_source.saturating_mul(HOUSEHOLDS)),
            of_site: Paces::new(per_site),
            of_account: Paces::new(PER_ACCOUNT),
        }
    }

    /// Counts one more, or tells after how many seconds one may be tried. The site is taken as it was written: were its two names
    /// counted as one where it is registered, trying both would tell that it is.
    pub(super) fn take(&self, ip: IpAddr, site: &str, now: Timestamp) -> Result<(), u64> {
        let source = self.place(&[b"source", &network(ip)]);
        let customer = customer(ip).map(|name| self.place(&[b"customer", &name]));
        let site = self.place(&[b"site", site.as_bytes()]);
        self.of_source.take(source, now)?;
        if let Some(customer) = customer {
            self.of_customer.take(customer, now)?;
        }
        self.of_site.take(site, now)
    }

    /// Counts one look-up of a credential of an account, or tells after how many seconds one may come. Whoever is known is counted by
    /// nothing else, and with many credentials would take all the turns of the tenant.
    pub(super) fn take_account(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<(), u64> {
        let name = [tenant.as_str().as_bytes(), account.as_str().as_bytes()];
        let place = self.place(&[b"account", name[0], name[1]]);
        self.of_account.take(place, now)
    }

    fn place(&self, name: &[&[u8]]) -> usize {
        let hash = self.vault.keyed_hash("own credential budget v1", name);
        usize::from(u16::from_le_bytes([hash[0], hash[1]])) % PLACES
    }
}

impl Paces {
    fn new(per_minute: u32) -> Self {
        Self {
            pace: Pace::new(per_minute),
            places: (0..PLACES).map(|_| AtomicI64::new(i64::MIN)).collect(),
        }
    }

    fn take(&self, place: usize, now: Timestamp) -> Result<(), u64> {
        let (place, now_us) = (&self.places[place], now.micros());
        let mut next = place.load(Ordering::Relaxed);
        loop {
            let after = self.pace.step(next, now_us)?;
            let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
            match place.compare_exchange_weak(next, after, success, failure) {
                Ok(_) => return Ok(()),
                Err(newer) => next = newer,
            }
        }
    }
}

/// An address of IPv6 is one of 2^64 that the same household has.
fn network(ip: IpAddr) -> Vec<u8> {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets()[..8].to_vec(),
    }
}

/// Providers give a customer up to a /48 (RFC 6177, section 2), which is 65,536 households: what looks like many is one.
fn customer(ip: IpAddr) -> Option<[u8; 6]> {
    match ip.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => v6.octets().first_chunk().copied(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Chance;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);

    fn budget(per_source: u32, per_site: u32) -> Budget {
        let vault = Vault::new(&Vault::generate(&Chance::seeded(1))).unwrap();
        Budget::new(Arc::new(vault), per_source, per_site)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_tries_as_much_as_it_may_and_another_is_no_poorer() {
        let budget = budget(10, 1000);
        let tries = |address: &str, at| {
            (0..20)
                .filter(|_| budget.take(ip(address), "a", at).is_ok())
                .count()
        };
        assert_eq!(tries("192.0.2.1", NOON), 10);
        assert_eq!(tries("192.0.2.2", NOON), 10);
        assert_eq!(tries("192.0.2.1", NOON.plus(Duration::from_secs(6))), 1);
        assert_eq!(
            budget.take(ip("192.0.2.1"), "b", NOON.plus(Duration::from_secs(6))),
            Err(6)
        );
    }

    #[test]
    fn a_household_of_ipv6_is_one_address_and_a_mapped_one_is_of_ipv4() {
        let budget = budget(1, 1000);
        assert!(budget.take(ip("2001:db8::1"), "a", NOON).is_ok());
        assert!(budget.take(ip("2001:db8::ffff:2"), "a", NOON).is_err());
        assert!(budget.take(ip("2001:db8:0:1::1"), "a", NOON).is_ok());
        assert!(budget.take(ip("192.0.2.9"), "a", NOON).is_ok());
        assert!(budget.take(ip("::ffff:192.0.2.9"), "a", NOON).is_err());
    }

    #[test]
    fn the_many_households_of_one_customer_of_ipv6_try_no_more_than_four() {
        let budget = budget(40, 100_000);
        let tries = |customer: u16| {
            let from = |household: u16| {
                let [first, second, third, fourth] = [0x2001, 0xdb8, customer, household];
                IpAddr::from([first, second, third, fourth, 0, 0, 0, 1])
            };
            let tried = (0..1000).map(|household| budget.take(from(household), "a", NOON));
            tried.flatten().count()
        };
        // Of each ten may come at once.
        assert_eq!(tries(1), 40);
        assert_eq!(tries(2), 40);
    }

    #[test]
    fn an_account_has_one_pace_at_each_tenant() {
        let budget = budget(10, 1000);
        let looked_up = |tenant: &str, account: &str, at| {
            let (tenant, account) = (tenant.parse().unwrap(), account.parse().unwrap());
            (0..200)
                .filter(|_| budget.take_account(&tenant, &account, at).is_ok())
                .count()
        };
        assert_eq!(looked_up("acme", "ann", NOON), 30);
        assert_eq!(looked_up("acme", "bob", NOON), 30);
        assert_eq!(looked_up("globex", "ann", NOON), 30);
        let later = NOON.plus(Duration::from_secs(1));
        assert_eq!(looked_up("acme", "ann", later), 2);
    }

    #[test]
    fn many_addresses_try_no_more_at_one_site_than_it_may_see() {
        let budget = budget(1000, 20);
        let passed = (0..100).filter(|last| {
            let address = IpAddr::from([198, 51, 100, *last]);
            budget
                .take(address, "https://acme.atlassian.net", NOON)
                .is_ok()
        });
        assert_eq!(passed.count(), 10);
        assert!(
            budget
                .take(ip("192.0.2.1"), "https://globex.atlassian.net", NOON)
                .is_ok()
        );
    }
}
