//! A workshop does again only what changed, and says what a fresh one says.

use gatepost::policy::{Draft, Validated, Vocabulary, Workshop};

use crate::decision::questions::{MEMBERS, SEPARATION};
