-- Reports of fraud, as in SQLite (migrations/sqlite/0014_fraud.sql tells what each column is for).

ALTER TABLE users ADD COLUMN fraud_locked BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE fraud_records (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    said TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    at BIGINT NOT NULL,
    code BYTEA,
    told_by BYTEA,
    notes BYTEA,
    UNIQUE (partner, environment, user_id, sequence)
);
CREATE INDEX fraud_records_personal ON fraud_records (at) WHERE told_by IS NOT NULL;
