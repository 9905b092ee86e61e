//! The site that a request named, looked up. Born in `Tenants::find`; nothing else lives in this file.
//! A name is looked up, never called: what the client wrote must go no further than the registry.

use super::record::SharedTenant;

/// The outcome of looking a site up: registered, or unknown. Says nothing about who may use it.
#[must_use]
#[derive(Debug)]
pub struct Named(Option<SharedTenant>);

impl Named {
    pub(super) fn new(tenant: Option<SharedTenant>) -> Self {
        Self(tenant)
    }

    /// Whether the site is registered.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn into_tenant(self) -> Option<SharedTenant> {
        self.0
    }
}
