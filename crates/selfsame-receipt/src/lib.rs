//! Receipts of identity checks: what was asked, when, by whom, and what came of it, signed, as a page and as PDF.
//!
//! A receipt holds no photograph, no whole number and no date of birth; its types leave no place for them. [`Receipt::sign`] makes a
//! [`SignedReceipt`], which alone can be shown: [`SignedReceipt::to_html`], [`SignedReceipt::to_pdf`]. Either file holds the signed
//! text, and [`SignedReceipt::verify`] reads it back out of them (docs/decisions/0118-receipts.md).

mod key;
mod masked;
mod page;
mod pdf;
mod receipt;
mod sections;
mod shown;
mod signed;

pub use key::{KeyError, SigningKey, VerifyingKey};
pub use masked::{MaskedNumber, NotMasked};
pub use page::content_security_policy;
pub use receipt::{
    Asked, Consent, Digests, Entry, Environment, MAX_ENTRIES, MAX_TEXT, Outcome, Receipt, Unfit,
};
pub use signed::{MAX_SIGNED, SignedReceipt, VerifyError};

#[cfg(test)]
mod tests;
