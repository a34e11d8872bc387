//! Data keys as operators see them: which there are, what each encrypts, and how far encrypting anew has come.

/// A data key and what it encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct KeyUse {
    /// Its number; later keys have higher ones.
    pub number: u32,
    /// It encrypts what is written now.
    pub current: bool,
    /// Values in the database that it encrypts.
    pub values: u64,
    /// Packages that it encrypts.
    pub packages: u64,
}

/// How far encrypting anew has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Values and packages done in this run.
    pub done: u64,
    /// Values and packages that older keys encrypted when it began.
    pub total: u64,
}

/// What encrypting anew came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Reencrypted {
    /// Values and packages that were encrypted anew.
    #[serde(rename = "encrypted_anew")]
    pub done: u64,
    /// Values and packages that cannot be decrypted and were left; the log names each.
    pub unreadable: u64,
}

/// What a data key is wrapped for.
pub(crate) fn scope(number: i64) -> String {
    format!("data key {number}")
}

/// What a key for one purpose is encrypted for.
pub(crate) fn purpose_place(purpose: &str) -> String {
    format!("purpose_keys/sealed/{purpose}")
}
