//! Who asks: what a credential must look like before anybody believes it.
//! Used by the ways to identify a caller; all end in a principal. What is parsed here but not verified opens nothing: an unverified
//! issuer serves to fetch that one tenant's secret, and a header chooses neither key nor algorithm.

pub mod bearer;
pub mod bounds;
pub mod claims;
pub mod error;
pub mod forge;
pub mod install;
pub mod issued;
pub mod jwks;
pub mod jws;
pub mod keys;
pub mod means;
pub mod myself;
pub mod oidc;
pub mod own;
mod pace;
pub mod presented;
pub mod principal;
pub mod qsh;
pub mod spendable;
pub mod strict_json;
mod tenant_info;
pub mod verify;
pub mod window;

pub use bounds::{Beyond, Bounds};
pub use claims::Claims;
pub use forge::Forge;
pub use issued::Issued;
pub use jwks::PublishedKeys;
pub use jws::{TokenError, Unverified};
pub use keys::{EcKey, HmacKey, KeyError, PublicAlgorithm, PublicKey, RsaKey};
pub use means::Means;
pub use own::OwnCredentials;
pub use principal::Principal;
pub use spendable::Spendable;
pub use window::Window;
