-- Sessions in which a person's one-time password was right, as in SQLite (migrations/sqlite/0016_consent_sessions.sql tells what each
-- column is for).

CREATE TABLE consent_sessions (
    code BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX consent_sessions_to_forget ON consent_sessions (expires_at);
