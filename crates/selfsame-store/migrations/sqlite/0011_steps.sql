-- Jobs of several steps, and what each step told (docs/decisions/0120-steps-on-record.md).

-- The step to do next; NULL: the first.
ALTER TABLE jobs ADD COLUMN step TEXT;
-- What the steps before it found; encrypted.
ALTER TABLE jobs ADD COLUMN carried BLOB;
-- A job in the state 'waiting' is queued again from then on.
ALTER TABLE jobs ADD COLUMN run_after INTEGER;
CREATE INDEX jobs_waiting ON jobs (run_after) WHERE state = 'waiting';

-- Results that steps before the last brought; encrypted.
CREATE TABLE step_results (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    smile_job_id TEXT NOT NULL REFERENCES jobs (smile_job_id),
    sequence INTEGER NOT NULL,
    result BLOB NOT NULL,
    result_code TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    UNIQUE (smile_job_id, sequence)
) STRICT;

-- Whose result a callback carries: that of a step by its number, or 0.
ALTER TABLE deliveries ADD COLUMN of_step INTEGER NOT NULL DEFAULT 0;

DROP VIEW results;
CREATE VIEW results AS
    SELECT seq, 0 AS of_step, 0 AS after_review, smile_job_id, partner, environment, job_id, result, success, result_code,
           updated_at AS finished_at
    FROM jobs WHERE state = 'done'
    UNION ALL
    SELECT j.seq, 0, 1, j.smile_job_id, j.partner, j.environment, j.job_id, r.result, r.success, r.result_code, r.decided_at
    FROM reviews r JOIN jobs j ON j.smile_job_id = r.smile_job_id WHERE r.state = 'decided'
    UNION ALL
    SELECT j.seq, s.sequence, 0, j.smile_job_id, j.partner, j.environment, j.job_id, s.result, 0, s.result_code, s.told_at
    FROM step_results s JOIN jobs j ON j.smile_job_id = s.smile_job_id;

-- Who was enrolled under which number of which identity. `code` is a code by a key: it tells no number.
CREATE TABLE registrants (
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    code BLOB NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (partner, environment, code, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX registrants_by_user ON registrants (partner, environment, user_id);
-- The same of an enrolment that waits for a person.
ALTER TABLE reviews ADD COLUMN id_code BLOB;
