-- What deletion, retention and limits need. Applied once, in one transaction.

-- Why a job's contents are gone (user_deleted, expired, unreadable); NULL while they are there. A job that has not ended and
-- bears a mark ends without writing anything of what it found.
ALTER TABLE jobs ADD COLUMN erased TEXT;

-- Sweeping and looking after leases find their rows by these, without looking at others. (The index of all open jobs serves
-- no query that names one state: SQLite uses a partial index only where the query repeats its condition.)
CREATE INDEX jobs_uploads ON jobs (grant_expires_at) WHERE state = 'awaiting_upload';
CREATE INDEX jobs_packages ON jobs (updated_at) WHERE state = 'done' AND blob IS NOT NULL;
CREATE INDEX jobs_contents ON jobs (updated_at) WHERE state = 'done' AND erased IS NULL;
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE lease IS NOT NULL;
CREATE INDEX users_photo ON users (photo) WHERE photo IS NOT NULL;

-- How many jobs of each partner are open, and the bytes that their requests take. Triggers keep it, so that it is exact and
-- nobody has to count rows.
CREATE TABLE open_jobs (
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    state TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (partner, environment, state)
) STRICT, WITHOUT ROWID;
INSERT INTO open_jobs (partner, environment, state, jobs, bytes)
SELECT partner, environment, state, COUNT(*), SUM(length(request)) FROM jobs WHERE state <> 'done' GROUP BY 1, 2, 3;

CREATE TRIGGER open_jobs_inserted AFTER INSERT ON jobs WHEN NEW.state <> 'done' BEGIN
    INSERT INTO open_jobs (partner, environment, state, jobs, bytes)
    VALUES (NEW.partner, NEW.environment, NEW.state, 1, length(NEW.request))
    ON CONFLICT DO UPDATE SET jobs = jobs + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER open_jobs_left AFTER UPDATE OF state, request ON jobs WHEN OLD.state <> 'done' BEGIN
    UPDATE open_jobs SET jobs = jobs - 1, bytes = bytes - length(OLD.request)
    WHERE partner = OLD.partner AND environment = OLD.environment AND state = OLD.state;
    DELETE FROM open_jobs
    WHERE partner = OLD.partner AND environment = OLD.environment AND state = OLD.state AND jobs <= 0;
    INSERT INTO open_jobs (partner, environment, state, jobs, bytes)
    SELECT NEW.partner, NEW.environment, NEW.state, 1, length(NEW.request) WHERE NEW.state <> 'done'
    ON CONFLICT DO UPDATE SET jobs = jobs + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER open_jobs_deleted AFTER DELETE ON jobs WHEN OLD.state <> 'done' BEGIN
    UPDATE open_jobs SET jobs = jobs - 1, bytes = bytes - length(OLD.request)
    WHERE partner = OLD.partner AND environment = OLD.environment AND state = OLD.state;
    DELETE FROM open_jobs
    WHERE partner = OLD.partner AND environment = OLD.environment AND state = OLD.state AND jobs <= 0;
END;

-- The same for what waits elsewhere.
CREATE TABLE waiting (
    what TEXT PRIMARY KEY,
    items INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO waiting (what, items) SELECT 'callbacks', COUNT(*) FROM deliveries WHERE state = 'pending';
INSERT INTO waiting (what, items) SELECT 'reviews', COUNT(*) FROM reviews WHERE state = 'pending';

CREATE TRIGGER callbacks_waiting_inserted AFTER INSERT ON deliveries WHEN NEW.state = 'pending' BEGIN
    UPDATE waiting SET items = items + 1 WHERE what = 'callbacks';
END;
CREATE TRIGGER callbacks_waiting_updated AFTER UPDATE OF state ON deliveries BEGIN
    UPDATE waiting SET items = items + (NEW.state = 'pending') - (OLD.state = 'pending')
    WHERE what = 'callbacks' AND (NEW.state = 'pending') <> (OLD.state = 'pending');
END;
CREATE TRIGGER callbacks_waiting_deleted AFTER DELETE ON deliveries WHEN OLD.state = 'pending' BEGIN
    UPDATE waiting SET items = items - 1 WHERE what = 'callbacks';
END;
CREATE TRIGGER reviews_waiting_inserted AFTER INSERT ON reviews WHEN NEW.state = 'pending' BEGIN
    UPDATE waiting SET items = items + 1 WHERE what = 'reviews';
END;
CREATE TRIGGER reviews_waiting_updated AFTER UPDATE OF state ON reviews BEGIN
    UPDATE waiting SET items = items + (NEW.state = 'pending') - (OLD.state = 'pending')
    WHERE what = 'reviews' AND (NEW.state = 'pending') <> (OLD.state = 'pending');
END;
CREATE TRIGGER reviews_waiting_deleted AFTER DELETE ON reviews WHEN OLD.state = 'pending' BEGIN
    UPDATE waiting SET items = items - 1 WHERE what = 'reviews';
END;

-- When the store was last written to, to see that it can be.
CREATE TABLE last_probe (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at INTEGER NOT NULL
) STRICT;
