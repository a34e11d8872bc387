-- What came with policy and review. Applied once, in one transaction, to a database of version 1.

ALTER TABLE deliveries ADD COLUMN after_review INTEGER NOT NULL DEFAULT 0;

CREATE TABLE reviews (
    smile_job_id TEXT PRIMARY KEY REFERENCES jobs (smile_job_id),
    state TEXT NOT NULL,
    template BLOB,
    model_digest TEXT,
    decision TEXT,
    reviewer TEXT,
    note BLOB,
    result BLOB,
    result_code TEXT,
    success INTEGER,
    opened_at INTEGER NOT NULL,
    decided_at INTEGER
) STRICT;
CREATE INDEX reviews_pending ON reviews (opened_at) WHERE state = 'pending';

-- Every result of a job: the worker's, and the one that a review brought.
CREATE VIEW results AS
    SELECT seq, 0 AS after_review, smile_job_id, partner, environment, job_id, result, success, result_code,
           updated_at AS finished_at
    FROM jobs WHERE state = 'done'
    UNION ALL
    SELECT j.seq, 1, j.smile_job_id, j.partner, j.environment, j.job_id, r.result, r.success, r.result_code, r.decided_at
    FROM reviews r JOIN jobs j ON j.smile_job_id = r.smile_job_id WHERE r.state = 'decided';

-- Images that were accepted. `exact` is a code by a key, `perceptual` is encrypted: neither tells what the image was.
CREATE TABLE accepted_images (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    smile_job_id TEXT NOT NULL,
    image INTEGER NOT NULL,
    exact BLOB NOT NULL,
    perceptual BLOB,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX accepted_images_exact ON accepted_images (partner, environment, exact);
CREATE INDEX accepted_images_by_user ON accepted_images (partner, environment, user_id);

CREATE TABLE admin_tokens (
    name TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    previous BLOB NOT NULL,
    code BLOB NOT NULL
) STRICT;
-- Against mistakes; against malice there is the chain.
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit records are never removed'); END;

CREATE TABLE audit_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    sealed BLOB NOT NULL
) STRICT;

-- Keys that stay the same when data keys are rotated: what codes with them must be checked for years.
CREATE TABLE purpose_keys (
    purpose TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;
