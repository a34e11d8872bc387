//! Records, their codes, and following a chain of them.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use selfsame_job::audit::AuditAction;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{AuditBreak, AuditCheck, AuditHead};

/// A record as it is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) sequence: i64,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) details: String,
    pub(crate) previous: Vec<u8>,
    pub(crate) code: Vec<u8>,
}

impl Row {
    /// All but the code, each field in its bounds: lengths keep the end of one from reading as the start of the next.
    fn feed(&self, mut take: impl FnMut(&[u8])) {
        take(&self.sequence.to_le_bytes());
        take(&self.at.to_le_bytes());
        for field in [&self.actor, &self.action, &self.subject, &self.details] {
            take(&(field.len() as u64).to_le_bytes());
            take(field.as_bytes());
        }
        take(&self.previous);
    }

    /// The head that the chain has when this is its last record.
    pub(crate) fn head(&self) -> Option<AuditHead> {
        Some(AuditHead {
            sequence: u64::try_from(self.sequence).ok()?,
            code: self.code.as_slice().try_into().ok()?,
        })
    }
}

/// What the record says that begins a segment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Segment {
    /// The break.
    pub(crate) broken: String,
    /// SHA-256 over every record before it, hexadecimal.
    pub(crate) stood: String,
    /// How many these are.
    pub(crate) records: u64,
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

    fn mac(&self, row: &Row) -> Hmac<Sha256> {
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.0.as_slice()) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        row.feed(|bytes| mac.update(bytes));
        mac
    }

    /// The code of a record.
    pub(crate) fn code(&self, row: &Row) -> [u8; 32] {
        self.mac(row).finalize().into_bytes().into()
    }

    /// Whether a record carries its code.
    pub(crate) fn fits(&self, row: &Row) -> bool {
        row.previous.len() == 32 && self.mac(row).verify_slice(&row.code).is_ok()
    }
}

/// Follows a chain record by record.
#[derive(Debug)]
pub(crate) struct Verifier<'k> {
    key: &'k AuditKey,
    at: AuditHead,
    anchor: Option<&'k AuditHead>,
    anchored: bool,
    /// The first break since the segment began.
    broken: Option<String>,
    breaks: Vec<AuditBreak>,
    stood: Sha256,
    records: u64,
    last: i64,
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
            broken: None,
            breaks: Vec::new(),
            stood: Sha256::new(),
            records: 0,
            last: 0,
        }
    }

    /// Takes the next record, in the order of their places.
    pub(crate) fn follow(&mut self, row: &Row) {
        let authentic = self.key.fits(row);
        match self.segment(row).filter(|_| authentic) {
            Some(segment) => self.begin(row, segment),
            None => {
                if self.broken.is_none() {
                    self.broken = self.link(row, authentic).err();
                }
            }
        }
        self.anchored |= authentic && self.anchor.is_some() && row.head().as_ref() == self.anchor;
        row.feed(|bytes| self.stood.update(bytes));
        self.stood.update(&row.code);
        self.records += 1;
        self.last = row.sequence;
    }

    fn segment(&self, row: &Row) -> Option<Segment> {
        let begins = serde_json::to_value(AuditAction::AuditSegmentBegun).ok()?;
        if begins.as_str() != Some(&row.action) {
            return None;
        }
        serde_json::from_str(&row.details).ok()
    }

    fn begin(&mut self, row: &Row, segment: Segment) {
        let (Some(head), Ok(at)) = (row.head(), Timestamp::from_microsecond(row.at)) else {
            return;
        };
        if segment.stood != self.stood() {
            self.broken = Some(format!(
                "what stands before record {} was changed after the break there was put on record",
                row.sequence
            ));
            return;
        }
        self.broken = None;
        self.breaks.push(AuditBreak {
            segment: head.sequence,
            at,
            by: row.actor.clone(),
            why: segment.broken,
        });
        self.at = head;
    }

    fn link(&mut self, row: &Row, authentic: bool) -> Result<(), String> {
        let expected = self.at.sequence + 1;
        if u64::try_from(row.sequence) != Ok(expected) {
            return Err(format!(
                "record {expected} is missing: record {} follows record {}",
                row.sequence, self.at.sequence
            ));
        }
        if row.previous != self.at.code {
            return Err(format!(
                "record {expected} does not follow the one before it: one of them was changed, moved or replaced"
            ));
        }
        match row.head() {
            Some(head) if authentic => {
                self.at = head;
                Ok(())
            }
            _ => Err(format!(
                "record {expected} was changed, or was not written by this server"
            )),
        }
    }

    /// A digest of every record so far, as it stands.
    pub(crate) fn stood(&self) -> String {
        hex::encode(self.stood.clone().finalize())
    }

    /// How many records there were, and the last one's place.
    pub(crate) const fn reached(&self) -> (u64, i64) {
        (self.records, self.last)
    }

    /// Compares the end with the head that was kept beside the chain.
    pub(crate) fn end(self, kept: Option<&AuditHead>) -> AuditCheck {
        if let Some(why) = self.broken {
            return AuditCheck::Broken(why);
        }
        if let Err(why) = ends_at(kept, &self.at) {
            return AuditCheck::Broken(why);
        }
        match self.anchor {
            Some(anchor) if !self.anchored => AuditCheck::Broken(format!(
                "the chain does not hold record {} as it was when the given head was printed: it was rewritten, or an older \
                 copy was put in its place",
                anchor.sequence
            )),
            _ if self.breaks.is_empty() => AuditCheck::Intact(self.at),
            _ => AuditCheck::Resumed {
                head: self.at,
                breaks: self.breaks,
            },
        }
    }
}

/// Whether the head that was kept beside the chain names the chain's end.
pub(crate) fn ends_at(kept: Option<&AuditHead>, end: &AuditHead) -> Result<(), String> {
    match kept {
        None => Err(
            "the chain's head is missing or cannot be read: records may be missing from its end"
                .to_owned(),
        ),
        Some(kept) if kept.sequence > end.sequence => Err(format!(
            "the chain ends at record {} but its head names record {}: records are missing from its end",
            end.sequence, kept.sequence
        )),
        Some(kept) if kept != end => Err(format!(
            "the chain ends at record {} but its head names record {} with another code: its end was changed, or records were \
             added",
            end.sequence, kept.sequence
        )),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(key: &AuditKey, records: i64) -> Vec<Row> {
        let mut previous = [0; 32];
        (1..=records)
            .map(|sequence| {
                let mut record = Row {
                    sequence,
                    at: 0,
                    actor: "cli:ada".to_owned(),
                    action: "user_deleted".to_owned(),
                    subject: format!("user {sequence}"),
                    details: "{}".to_owned(),
                    previous: previous.to_vec(),
                    code: Vec::new(),
                };
                previous = key.code(&record);
                record.code = previous.to_vec();
                record
            })
            .collect()
    }

    fn key(byte: u8) -> AuditKey {
        AuditKey::new(Zeroizing::new([byte; 32]))
    }

    fn head(records: &[Row]) -> AuditHead {
        records.last().unwrap().head().unwrap()
    }

    fn check(records: &[Row], kept: &AuditHead, anchor: Option<&AuditHead>) -> AuditCheck {
        let key = key(1);
        let mut verifier = Verifier::new(&key, anchor);
        for record in records {
            verifier.follow(record);
        }
        verifier.end(Some(kept))
    }

    /// What an operator does behind a break.
    fn resumed(mut records: Vec<Row>, sequence: i64) -> Vec<Row> {
        let key = key(1);
        let mut verifier = Verifier::new(&key, None);
        for record in &records {
            verifier.follow(record);
        }
        let segment = Segment {
            broken: "it was".to_owned(),
            stood: verifier.stood(),
            records: verifier.reached().0,
        };
        let mut first = Row {
            sequence,
            action: "audit_segment_begun".to_owned(),
            details: serde_json::to_string(&segment).unwrap(),
            previous: vec![0; 32],
            ..records[0].clone()
        };
        first.code = key.code(&first).to_vec();
        let mut second = Row {
            sequence: sequence + 1,
            previous: first.code.clone(),
            ..records[0].clone()
        };
        second.code = key.code(&second).to_vec();
        records.extend([first, second]);
        records
    }

    #[test]
    fn a_break_stays_on_record_behind_a_new_segment() {
        let anchor = head(&chain(&key(1), 3));
        for broken in [
            // Cut off at the end, changed, removed within, all gone but one.
            chain(&key(1), 3),
            {
                let mut changed = chain(&key(1), 5);
                changed[1].actor = "cli:eve".to_owned();
                changed
            },
            {
                let mut removed = chain(&key(1), 5);
                removed.remove(1);
                removed
            },
        ] {
            let mut records = resumed(broken, 9);
            let kept = head(&records);
            let AuditCheck::Resumed { head: end, breaks } = check(&records, &kept, Some(&anchor))
            else {
                panic!("{:?}", check(&records, &kept, Some(&anchor)))
            };
            assert_eq!((end, breaks.len(), breaks[0].segment), (kept.clone(), 1, 9));
            assert_eq!(breaks[0].why, "it was");
            // What stood before the segment is bound by it, and the segment by the chain.
            let mut before = records.clone();
            before[0].actor = "cli:eve".to_owned();
            assert!(matches!(check(&before, &kept, None), AuditCheck::Broken(_)));
            let mut cut = records.clone();
            cut.remove(0);
            assert!(matches!(check(&cut, &kept, None), AuditCheck::Broken(_)));
            let at = records.len() - 2;
            records[at].details = records[at].details.replace("it was", "nothing");
            assert!(matches!(
                check(&records, &kept, None),
                AuditCheck::Broken(_)
            ));
        }
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
        type Tamper = fn(&mut Vec<Row>);
        let cases: [(&str, Tamper); 9] = [
            ("actor", |r| r[2].actor = "cli:eve".to_owned()),
            ("boundary between fields", |r| {
                (r[2].actor, r[2].action) = ("cli:adau".to_owned(), "ser_deleted".to_owned());
            }),
            ("time", |r| r[0].at = i64::MAX),
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
