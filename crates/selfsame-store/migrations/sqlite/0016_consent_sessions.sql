-- Sessions in which a person's one-time password was right (docs/decisions/0133-type-1-and-what-goes-with-it.md).

CREATE TABLE consent_sessions (
    -- HMAC-SHA256 of the session's name: it does not tell the name.
    code BLOB PRIMARY KEY,
    -- Forgotten after this.
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consent_sessions_to_forget ON consent_sessions (expires_at);
