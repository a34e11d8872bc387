-- What came with limits on guessing, and with requests that are recognised when they come again.

-- Codes by a key, of what was asked and of the package that came: neither tells what was sent.
ALTER TABLE jobs ADD COLUMN request_code BLOB;
ALTER TABLE jobs ADD COLUMN package_code BLOB;
CREATE INDEX jobs_by_request ON jobs (partner, environment, request_code) WHERE request_code IS NOT NULL;

-- The user as the job was judged: an approval takes effect only while it is still so. For reviews that wait already it is what
-- the upgrade found.
ALTER TABLE reviews ADD COLUMN judged_status TEXT;
ALTER TABLE reviews ADD COLUMN judged_photo TEXT;
UPDATE reviews SET
    judged_status = (SELECT u.status FROM jobs j JOIN users u USING (partner, environment, user_id)
                     WHERE j.smile_job_id = reviews.smile_job_id),
    judged_photo = (SELECT u.photo FROM jobs j JOIN users u USING (partner, environment, user_id)
                    WHERE j.smile_job_id = reviews.smile_job_id)
WHERE state = 'pending';

CREATE INDEX accepted_images_by_job ON accepted_images (smile_job_id);

-- Failures in a row. Not in `users`: whoever was never enrolled has them too, and they are no change to a user.
CREATE TABLE failed_attempts (
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    locked_until INTEGER,
    PRIMARY KEY (partner, environment, user_id)
) STRICT;
CREATE INDEX failed_attempts_by_age ON failed_attempts (last_at);

-- What the server judges by, for commands that decide beside it.
CREATE TABLE in_force (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    policy TEXT NOT NULL,
    template_model TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
