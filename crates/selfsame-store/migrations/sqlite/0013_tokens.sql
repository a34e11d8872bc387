-- Keys that v3 tokens are made with (docs/decisions/0122-v3-tokens.md), and partners that sign their bodies (0123).

CREATE TABLE token_keys (
    id TEXT PRIMARY KEY,
    -- Microseconds since 1970, as the next.
    made_at INTEGER NOT NULL,
    -- NULL: it makes tokens. One does.
    retired_at INTEGER,
    -- Encrypted.
    secret BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX token_keys_that_make ON token_keys ((retired_at IS NULL)) WHERE retired_at IS NULL;

-- Whether what the partner submits by v3 must be signed.
ALTER TABLE partners ADD COLUMN signs_bodies INTEGER NOT NULL DEFAULT 0;
