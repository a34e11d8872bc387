//! The audit: an append-only chain of records, each bound to the one before it by a key that is not in the database.
//!
//! Whoever has the database without the master key cannot change, remove, insert or reorder records unnoticed. The end of
//! the chain is kept encrypted beside it, so that records cannot be cut off its end either; only a whole older copy of the
//! database would still look right. Against that, a head that was kept elsewhere ([`AuditHead`]) helps.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use selfsame_job::audit::AuditRecord;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The end of a chain at some time: `SEQUENCE:CODE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// The last record's place.
    pub sequence: u64,
    /// Its code.
    pub code: [u8; 32],
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, hex::encode(self.code))
    }
}

/// The text is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an audit head is SEQUENCE:CODE, as `selfsame audit head` prints it")]
pub struct NotAHead;

impl FromStr for AuditHead {
    type Err = NotAHead;
    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (sequence, code) = text.trim().split_once(':').ok_or(NotAHead)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(code, &mut bytes).map_err(|_| NotAHead)?;
        Ok(Self {
            sequence: sequence.parse().map_err(|_| NotAHead)?,
            code: bytes,
        })
    }
}

/// What verifying the chain came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditCheck {
    /// Every record stands where it was written, as it was written.
    Intact(AuditHead),
    /// It is broken; the text says where and how.
    Broken(String),
}

/// Makes and checks the codes.
#[derive(Clone)]
pub(crate) struct AuditKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey(redacted)")
    }
}

impl AuditKey {
    pub(crate) const fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    fn mac(&self, record: &AuditRecord, previous: &[u8; 32]) -> Hmac<Sha256> {
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.0.as_slice()) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        mac.update(&record.sequence.to_le_bytes());
        mac.update(&record.at.as_microsecond().to_le_bytes());
        // Lengths keep the end of one field from reading as the start of the next.
        for field in [
            &record.actor,
            &record.action,
            &record.subject,
            &record.details,
        ] {
            mac.update(&(field.len() as u64).to_le_bytes());
            mac.update(field.as_bytes());
        }
        mac.update(previous);
        mac
    }

    pub(crate) fn code(&self, record: &AuditRecord, previous: &[u8; 32]) -> [u8; 32] {
        self.mac(record, previous).finalize().into_bytes().into()
    }

    fn fits(&self, record: &AuditRecord, previous: &[u8; 32], code: &[u8; 32]) -> bool {
        self.mac(record, previous).verify_slice(code).is_ok()
    }
}

/// Follows a chain record by record.
#[derive(Debug)]
pub(crate) struct Verifier<'k> {
    key: &'k AuditKey,
    at: AuditHead,
    anchor: Option<&'k AuditHead>,
    anchored: bool,
}

impl<'k> Verifier<'k> {
    pub(crate) fn new(key: &'k AuditKey, anchor: Option<&'k AuditHead>) -> Self {
        Self {
            key,
            at: AuditHead {
                sequence: 0,
                code: [0; 32],
            },
            anchor,
            anchored: false,
        }
    }

    /// Takes the next record, in the order of their places.
    pub(crate) fn follow(&mut self, record: &AuditRecord) -> Result<(), String> {
        let expected = self.at.sequence + 1;
        if record.sequence != expected {
            return Err(format!(
                "record {expected} is missing: record {} follows record {}",
                record.sequence, self.at.sequence
            ));
        }
        let (mut code, mut previous) = ([0; 32], [0; 32]);
        let readable = hex::decode_to_slice(&record.code, &mut code).is_ok()
            && hex::decode_to_slice(&record.previous, &mut previous).is_ok();
        if !readable || previous != self.at.code {
            return Err(format!(
                "record {expected} does not follow the one before it: one of them was changed, moved or replaced"
            ));
        }
        if !self.key.fits(record, &previous, &code) {
            return Err(format!(
                "record {expected} was changed, or was not written by this server"
            ));
        }
        self.at = AuditHead {
            sequence: expected,
            code,
        };
        self.anchored |= self.anchor == Some(&self.at);
        Ok(())
    }

    /// Compares the end with the head that was kept beside the chain.
    pub(crate) fn end(self, kept: Option<&AuditHead>) -> AuditCheck {
        match kept {
            None => AuditCheck::Broken(
                "the chain's head is missing or cannot be read: records may be missing from its end"
                    .to_owned(),
            ),
            Some(kept) if *kept != self.at => AuditCheck::Broken(format!(
                "the chain ends at record {} but its head names record {}: records are missing from its end",
                self.at.sequence, kept.sequence
            )),
            Some(_) => match self.anchor {
                Some(anchor) if !self.anchored => AuditCheck::Broken(format!(
                    "the chain does not hold record {} as it was when the given head was printed: it was rewritten, or an \
                     older copy was put in its place",
                    anchor.sequence
                )),
                _ => AuditCheck::Intact(self.at),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn chain(key: &AuditKey, records: u64) -> Vec<AuditRecord> {
        let mut previous = [0; 32];
        (1..=records)
            .map(|sequence| {
                let mut record = AuditRecord {
                    sequence,
                    at: Timestamp::UNIX_EPOCH,
                    actor: "cli:ada".to_owned(),
                    action: "user_deleted".to_owned(),
                    subject: format!("user {sequence}"),
                    details: "{}".to_owned(),
                    previous: hex::encode(previous),
                    code: String::new(),
                };
                previous = key.code(&record, &previous);
                record.code = hex::encode(previous);
                record
            })
            .collect()
    }

    fn key(byte: u8) -> AuditKey {
        AuditKey::new(Zeroizing::new([byte; 32]))
    }

    fn head(records: &[AuditRecord]) -> AuditHead {
        let last = records.last().unwrap();
        format!("{}:{}", last.sequence, last.code).parse().unwrap()
    }

    fn check(records: &[AuditRecord], kept: &AuditHead, anchor: Option<&AuditHead>) -> AuditCheck {
        let key = key(1);
        let mut verifier = Verifier::new(&key, anchor);
        for record in records {
            if let Err(why) = verifier.follow(record) {
                return AuditCheck::Broken(why);
            }
        }
        verifier.end(Some(kept))
    }

    #[test]
    fn a_chain_that_was_left_alone_is_intact() {
        let records = chain(&key(1), 5);
        let head = head(&records);
        assert_eq!(
            check(&records, &head, Some(&head)),
            AuditCheck::Intact(head.clone())
        );
        assert_eq!(head.to_string().parse::<AuditHead>(), Ok(head));
    }

    #[test]
    fn every_change_is_noticed() {
        let records = chain(&key(1), 5);
        let kept = head(&records);
        type Tamper = fn(&mut Vec<AuditRecord>);
        let cases: [(&str, Tamper); 9] = [
            ("actor", |r| r[2].actor = "cli:eve".to_owned()),
            ("boundary between fields", |r| {
                (r[2].actor, r[2].action) = ("cli:adau".to_owned(), "ser_deleted".to_owned());
            }),
            ("time", |r| r[0].at = Timestamp::MAX),
            ("details", |r| r[4].details = "{\"a\":1}".to_owned()),
            ("removed", |r| drop(r.remove(2))),
            ("first removed", |r| drop(r.remove(0))),
            ("reordered", |r| r.swap(1, 2)),
            ("reordered and renumbered", |r| {
                r.swap(1, 2);
                (r[1].sequence, r[2].sequence) = (2, 3);
            }),
            ("truncated", |r| r.truncate(3)),
        ];
        for (name, tamper) in cases {
            let mut changed = records.clone();
            tamper(&mut changed);
            assert!(
                matches!(check(&changed, &kept, None), AuditCheck::Broken(_)),
                "{name}"
            );
        }
        let forged = chain(&key(2), 5);
        assert!(matches!(
            check(&forged, &head(&forged), None),
            AuditCheck::Broken(_)
        ));
    }

    #[test]
    fn an_older_copy_is_noticed_by_a_head_that_was_kept_elsewhere() {
        let records = chain(&key(1), 5);
        let (older, anchor) = (&records[..3], head(&records));
        assert!(matches!(
            check(older, &head(older), None),
            AuditCheck::Intact(_)
        ));
        assert!(matches!(
            check(older, &head(older), Some(&anchor)),
            AuditCheck::Broken(_)
        ));
        let early = head(older);
        assert!(matches!(
            check(&records, &anchor, Some(&early)),
            AuditCheck::Intact(_)
        ));
    }
}
