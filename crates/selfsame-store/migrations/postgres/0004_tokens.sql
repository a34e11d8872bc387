-- Keys that v3 tokens are made with, and partners that sign their bodies, as in SQLite (migrations/sqlite/0013_tokens.sql tells what
-- each column is for).

CREATE TABLE token_keys (
    id TEXT COLLATE "C" PRIMARY KEY,
    made_at BIGINT NOT NULL,
    retired_at BIGINT,
    secret BYTEA NOT NULL
);
CREATE UNIQUE INDEX token_keys_that_make ON token_keys ((retired_at IS NULL)) WHERE retired_at IS NULL;

ALTER TABLE partners ADD COLUMN signs_bodies BOOLEAN NOT NULL DEFAULT FALSE;
