CREATE TABLE IF NOT EXISTS data_keys (
    number INTEGER PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS partners (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    production_enabled INTEGER NOT NULL,
    sandbox_key BLOB NOT NULL,
    production_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS users (
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,
    template BLOB,
    model_digest TEXT,
    photo TEXT,
    enrolled_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (partner, environment, user_id)
) STRICT;

-- The order in which users changed, for those who follow it. Triggers keep it, so that no change can forget to.
CREATE TABLE IF NOT EXISTS user_changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    UNIQUE (partner, environment, user_id)
) STRICT;
CREATE TRIGGER IF NOT EXISTS users_inserted AFTER INSERT ON users BEGIN
    DELETE FROM user_changes
    WHERE partner = NEW.partner AND environment = NEW.environment AND user_id = NEW.user_id;
    INSERT INTO user_changes (partner, environment, user_id) VALUES (NEW.partner, NEW.environment, NEW.user_id);
END;
CREATE TRIGGER IF NOT EXISTS users_updated AFTER UPDATE ON users BEGIN
    DELETE FROM user_changes
    WHERE partner = NEW.partner AND environment = NEW.environment AND user_id = NEW.user_id;
    INSERT INTO user_changes (partner, environment, user_id) VALUES (NEW.partner, NEW.environment, NEW.user_id);
END;
-- Users from before there was an order.
INSERT INTO user_changes (partner, environment, user_id)
SELECT partner, environment, user_id FROM users WHERE NOT EXISTS (SELECT 1 FROM user_changes);

CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    smile_job_id TEXT NOT NULL UNIQUE,
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    request BLOB NOT NULL,
    blob TEXT,
    grant_hash BLOB UNIQUE,
    grant_expires_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease TEXT,
    lease_until INTEGER,
    result BLOB,
    result_code TEXT,
    success INTEGER,
    callback_url BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_by_name ON jobs (partner, environment, job_id, seq);
CREATE INDEX IF NOT EXISTS jobs_by_user ON jobs (partner, environment, user_id);
CREATE INDEX IF NOT EXISTS jobs_open ON jobs (state, seq) WHERE state <> 'done';
CREATE INDEX IF NOT EXISTS jobs_blob ON jobs (blob) WHERE blob IS NOT NULL;

CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    smile_job_id TEXT NOT NULL REFERENCES jobs (smile_job_id),
    state TEXT NOT NULL,
    next_attempt_at INTEGER,
    lease TEXT,
    lease_until INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_by_job ON deliveries (smile_job_id);

CREATE TABLE IF NOT EXISTS delivery_attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery INTEGER NOT NULL REFERENCES deliveries (id),
    at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    http_status INTEGER,
    error TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS delivery_attempts_by_delivery ON delivery_attempts (delivery);
