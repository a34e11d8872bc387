//! Registers of the operator's own: tables of people that were imported, and that are asked as authorities are.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_job::audit::Actor;
use selfsame_job::identity::{IdentityRecord, canonical_number};
use selfsame_wire::id_info::{Country, IdNumber, IdType};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// The largest photograph of an entry, in bytes.
pub const MAX_PHOTO_BYTES: usize = 512 * 1024;
/// The largest entry without its photograph, in bytes of JSON.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;

/// The name of a register: 1 to 64 small letters, digits, `-` and `_`, a letter or digit first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegisterName(String);

/// The text names no register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a register's name has 1 to 64 small letters, digits, - and _, and begins with a letter or a digit"
)]
pub struct NotARegisterName;

impl RegisterName {
    /// Reads one.
    ///
    /// # Errors
    /// For a text that is none.
    pub fn new(text: impl Into<String>) -> Result<Self, NotARegisterName> {
        let text = text.into();
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let good = (1..=64).contains(&text.len())
            && text.bytes().next().is_some_and(letter)
            && text.bytes().all(|b| letter(b) || b == b'-' || b == b'_');
        good.then_some(Self(text)).ok_or(NotARegisterName)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegisterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RegisterName {
    type Err = NotARegisterName;
    fn from_str(text: &str) -> Result<Self, NotARegisterName> {
        Self::new(text)
    }
}

impl TryFrom<String> for RegisterName {
    type Error = NotARegisterName;
    fn try_from(text: String) -> Result<Self, NotARegisterName> {
        Self::new(text)
    }
}

impl From<RegisterName> for String {
    fn from(name: RegisterName) -> Self {
        name.0
    }
}

/// By what an entry is found. However its number is written (small letters, spaces, hyphens), it is the same entry's.
#[derive(Clone, PartialEq, Eq)]
pub struct EntryKey {
    country: Country,
    id_type: IdType,
    number: IdNumber,
}

impl EntryKey {
    /// The entry of this number. `None`: the number is of spaces and hyphens only, and names nobody.
    #[must_use]
    pub fn new(country: Country, id_type: IdType, number: &IdNumber) -> Option<Self> {
        let number = canonical_number(number);
        let names_nobody = |c: char| c.is_whitespace() || c == '-';
        (!number.reveal().chars().all(names_nobody)).then_some(Self {
            country,
            id_type,
            number,
        })
    }

    /// Of which country.
    #[must_use]
    pub const fn country(&self) -> Country {
        self.country
    }

    /// Of which type.
    #[must_use]
    pub const fn id_type(&self) -> &IdType {
        &self.id_type
    }

    /// The number, in capitals, without spaces and hyphens.
    pub(crate) fn number(&self) -> &str {
        self.number.reveal()
    }
}

/// Never the number.
impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryKey({}, {}, …)", self.country, self.id_type)
    }
}

/// An entry that no register takes. The texts hold nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitEntry {
    /// Nobody is named.
    #[error("the number is of spaces and hyphens only")]
    NoNumber,
    /// Too much is said.
    #[error("without its photograph it is larger than {} KB", MAX_RECORD_BYTES / 1024)]
    Large,
    /// The photograph is too large, or there is nothing in it.
    #[error("its photograph is empty, or larger than {} KB", MAX_PHOTO_BYTES / 1024)]
    Photo,
}

/// A person, as a register has it. Within the limits that a register sets.
#[derive(Clone, PartialEq)]
pub struct RegisterEntry {
    key: EntryKey,
    record: IdentityRecord,
    /// The record without its photograph, as it is kept.
    json: Vec<u8>,
}

/// Which fields there are, and nothing that stands in them.
impl fmt::Debug for RegisterEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterEntry")
            .field("key", &self.key)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl RegisterEntry {
    /// An entry of this number, with all that is known of the person.
    ///
    /// # Errors
    /// [`UnfitEntry`] says what is wrong.
    pub fn new(
        country: Country,
        id_type: IdType,
        number: &IdNumber,
        record: IdentityRecord,
    ) -> Result<Self, UnfitEntry> {
        let key = EntryKey::new(country, id_type, number).ok_or(UnfitEntry::NoNumber)?;
        let mut record = IdentityRecord {
            id_number: Some(number.reveal().to_owned()),
            ..record
        };
        let photo = record.photo.take();
        if (photo.as_ref()).is_some_and(|p| p.0.is_empty() || p.0.len() > MAX_PHOTO_BYTES) {
            return Err(UnfitEntry::Photo);
        }
        // Texts and a JSON object can always be written.
        let json = serde_json::to_vec(&record).map_err(|_| UnfitEntry::Large)?;
        if json.len() > MAX_RECORD_BYTES {
            return Err(UnfitEntry::Large);
        }
        record.photo = photo;
        Ok(Self { key, record, json })
    }

    /// By what it is found.
    #[must_use]
    pub const fn key(&self) -> &EntryKey {
        &self.key
    }

    /// What it says. The number stands in it as it was written.
    #[must_use]
    pub const fn record(&self) -> &IdentityRecord {
        &self.record
    }

    /// How many bytes of it are kept.
    #[must_use]
    pub fn size(&self) -> usize {
        self.json.len() + self.record.photo.as_ref().map_or(0, |p| p.0.len())
    }

    pub(crate) fn json(&self) -> &[u8] {
        &self.json
    }
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Entries whose number was not there.
    pub new: u64,
    /// Entries whose number was there with something else.
    pub replaced: u64,
    /// Entries that were there just so.
    pub unchanged: u64,
}

impl std::ops::AddAssign for Imported {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.replaced += other.replaced;
        self.unchanged += other.unchanged;
    }
}

/// A register, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterSummary {
    /// Its name.
    pub register: RegisterName,
    /// How many people stand in it.
    pub entries: u64,
    /// How many of them with a photograph.
    pub photos: u64,
    /// When it was last changed by an import.
    pub imported_at: Timestamp,
}

/// An entry, without what it says of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryListed {
    /// Its place in the order of entries: the next page begins behind it.
    pub sequence: u64,
    /// Of which country.
    pub country: Country,
    /// Of which type.
    pub id_type: IdType,
    /// Whether there is a photograph.
    pub has_photo: bool,
    /// When it was imported as it is.
    pub imported_at: Timestamp,
}

/// Registers of the operator's own. There is a register as long as there is an entry in it.
#[async_trait]
pub trait Registers: Send + Sync {
    /// Puts entries into a register, all of them or none: what has the number of an entry takes its place. Of two of one number the
    /// later one stays. Where nothing changes, nothing is put on the audit's record.
    async fn put_register_entries(
        &self,
        register: &RegisterName,
        entries: &[RegisterEntry],
        by: &Actor,
    ) -> Result<Imported, StoreError>;
    /// What a register says of a person, with the number as it was imported.
    async fn register_entry(
        &self,
        register: &RegisterName,
        key: &EntryKey,
    ) -> Result<Option<IdentityRecord>, StoreError>;
    /// All registers, by name.
    async fn registers(&self) -> Result<Vec<RegisterSummary>, StoreError>;
    /// The entries of a register behind this place, the first of all behind 0. None asked for means 100.
    async fn register_entries(
        &self,
        register: &RegisterName,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EntryListed>, StoreError>;
    /// Erases an entry. `Ok(false)`: there is none.
    async fn remove_register_entry(
        &self,
        register: &RegisterName,
        key: &EntryKey,
        by: &Actor,
    ) -> Result<bool, StoreError>;
    /// Erases a register, some hundred entries at a time. Whoever was interrupted calls it again. Returns how many entries there
    /// were; none: there is no such register.
    async fn remove_register(&self, register: &RegisterName, by: &Actor)
    -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use selfsame_job::identity::Photo;

    use super::*;

    fn entry(number: &str, record: IdentityRecord) -> Result<RegisterEntry, UnfitEntry> {
        let (country, id_type) = (Country::new("NG").unwrap(), IdType::new("STAFF").unwrap());
        RegisterEntry::new(country, id_type, &IdNumber::new(number).unwrap(), record)
    }

    fn with_photo(bytes: usize) -> IdentityRecord {
        IdentityRecord {
            photo: Some(Photo(Bytes::from(vec![1; bytes]))),
            ..IdentityRecord::default()
        }
    }

    #[test]
    fn names_are_plain() {
        for good in ["staff", "2-b", "a_b", &"x".repeat(64)] {
            assert_eq!(RegisterName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", "_", "Staff", "a b", "a/b", "é", &"x".repeat(65)] {
            assert!(RegisterName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_number_in_many_ways_is_one_entry() {
        let key = |n: &str| entry(n, IdentityRecord::default()).unwrap().key().clone();
        assert_eq!(key("ab 12-34"), key("AB1234"));
        assert_ne!(key("AB1234"), key("AB12345"));
        assert_eq!(
            entry("- -", IdentityRecord::default()),
            Err(UnfitEntry::NoNumber)
        );
        let shown = format!("{:?}", entry("AB1234", with_photo(3)).unwrap());
        let fields = r#"IdentityRecord {"id_number"}"#;
        assert_eq!(
            shown,
            format!("RegisterEntry {{ key: EntryKey(NG, STAFF, …), record: {fields}, .. }}")
        );
    }

    #[test]
    fn what_is_too_large_or_empty_is_refused() {
        assert!(entry("1", with_photo(MAX_PHOTO_BYTES)).is_ok());
        assert_eq!(
            entry("1", with_photo(MAX_PHOTO_BYTES + 1)),
            Err(UnfitEntry::Photo)
        );
        assert_eq!(entry("1", with_photo(0)), Err(UnfitEntry::Photo));
        let mut record = IdentityRecord::default();
        record.set_text("address", &"x".repeat(MAX_RECORD_BYTES));
        assert_eq!(entry("1", record), Err(UnfitEntry::Large));
    }
}
