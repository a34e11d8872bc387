-- Links that partners send to people (docs/decisions/0129-smile-links.md).

CREATE TABLE smile_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- HMAC-SHA256 of the link's name: by it a link is found, and what is on record opens none.
    code BLOB NOT NULL,
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    -- Whose jobs it makes; none where each job has a user of its own.
    user_id TEXT,
    single_use INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- How many jobs were begun there, and the latest of them. A job that is gone has not used the link.
    uses INTEGER NOT NULL DEFAULT 0,
    used_by TEXT,
    -- Encrypted JSON.
    terms BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX smile_links_by_code ON smile_links (code);
CREATE INDEX smile_links_by_user ON smile_links (partner, environment, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX smile_links_by_expiry ON smile_links (expires_at);
