-- Reports of fraud and the lock that follows (docs/decisions/0126-reports-of-fraud.md).

-- Reported, and not cleared since. It stands beside the status: who is disabled, enabled, erased or enrolled anew stays locked.
ALTER TABLE users ADD COLUMN fraud_locked INTEGER NOT NULL DEFAULT 0;

-- What was said of a user's honesty, in order.
CREATE TABLE fraud_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    -- Its place among the user's, from 1.
    sequence INTEGER NOT NULL,
    -- 'fraud', 'no_fraud' or 'cleared'.
    said TEXT NOT NULL,
    -- Of 'fraud'.
    reason TEXT,
    at INTEGER NOT NULL,
    -- HMAC-SHA256 of a report: by it a repeat is told. It goes with what is personal.
    code BLOB,
    -- Who said it, and what else; encrypted, NULL once erased.
    told_by BLOB,
    notes BLOB,
    UNIQUE (partner, environment, user_id, sequence)
) STRICT;
CREATE INDEX fraud_records_personal ON fraud_records (at) WHERE told_by IS NOT NULL;
