-- Links that partners send to people, as in SQLite (migrations/sqlite/0015_smile_links.sql tells what each column is for).

CREATE TABLE smile_links (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code BYTEA NOT NULL,
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C",
    single_use BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    uses BIGINT NOT NULL DEFAULT 0,
    used_by TEXT COLLATE "C",
    terms BYTEA NOT NULL
);
CREATE UNIQUE INDEX smile_links_by_code ON smile_links (code);
CREATE INDEX smile_links_by_user ON smile_links (partner, environment, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX smile_links_by_expiry ON smile_links (expires_at);
-- Ciphertext does not get smaller, and the number of its key is read from its beginning alone.
ALTER TABLE smile_links ALTER COLUMN terms SET STORAGE EXTERNAL;
