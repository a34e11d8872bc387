-- Head turns that were drawn for a user, each to be answered by one job (docs/decisions/0079-challenges.md).

CREATE TABLE challenges (
    id TEXT PRIMARY KEY,
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    -- The one job that may answer it; NULL: any of the user's.
    job_id TEXT,
    -- As JSON, in their order.
    turns TEXT NOT NULL,
    drawn_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- The smile_job_id of the job that took it. It is free again once that job is gone because its package never came.
    used_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX challenges_by_user ON challenges (partner, environment, user_id, drawn_at);
CREATE INDEX challenges_expired ON challenges (expires_at);
