//! The receipt: this entry is durable. Born in `Ledger::append`, after the commit; nothing else lives in this file.

/// Proof that one entry is in the log, on the disk. Cannot be copied, made elsewhere or read from a file.
///
/// ```
/// fn seal(receipt: gatepost::ledger::Receipt) -> u64 { receipt.seq() }
/// ```
/// ```compile_fail
/// fn twice(receipt: gatepost::ledger::Receipt) -> [gatepost::ledger::Receipt; 2] { [receipt.clone(), receipt] }
/// ```
/// ```compile_fail
/// let forged = gatepost::ledger::Receipt { digest: [0; 32], seq: 1 };
/// ```
#[derive(Debug)]
#[must_use = "a receipt is what opens the next door"]
pub struct Receipt {
    digest: [u8; 32],
    seq: u64,
}

impl Receipt {
    pub(super) fn new(digest: [u8; 32], seq: u64) -> Self {
        Self { digest, seq }
    }

    /// Digest of the draft that this vouches for.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The place of the entry in the log.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }
}
