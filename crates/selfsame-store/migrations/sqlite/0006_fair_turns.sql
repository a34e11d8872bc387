-- Fair turns: whose job and whose callback is taken next (docs/decisions/0047 and 0049).

-- A caller waits for this job's end on an open connection.
ALTER TABLE jobs ADD COLUMN synchronous INTEGER NOT NULL DEFAULT 0;
-- Which endpoint the callback goes to, as a code by a key: equal for equal hosts and ports, and tells neither.
ALTER TABLE jobs ADD COLUMN callback_endpoint BLOB;
CREATE INDEX jobs_queued ON jobs (environment, partner, synchronous, seq) WHERE state = 'queued';

-- How often each queue was claimed from, and when each partner's environment last had its turn in it.
CREATE TABLE claim_counters (
    queue TEXT PRIMARY KEY,
    claims INTEGER NOT NULL
) STRICT;
CREATE TABLE claim_turns (
    queue TEXT NOT NULL,
    environment TEXT NOT NULL,
    partner TEXT NOT NULL,
    last INTEGER NOT NULL,
    claims INTEGER NOT NULL,
    PRIMARY KEY (queue, environment, partner)
) STRICT, WITHOUT ROWID;

-- One partner's callbacks to one endpoint. A lane is removed once nothing of it is pending.
CREATE TABLE delivery_lanes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    endpoint BLOB NOT NULL,
    -- Tries in a row that the endpoint did not answer.
    failures INTEGER NOT NULL DEFAULT 0,
    -- The lane's last turn, or the end of the pause after a failure.
    not_before INTEGER NOT NULL DEFAULT 0,
    -- When its next unclaimed delivery may be taken; NULL where there is none. Triggers keep it.
    ready_at INTEGER,
    UNIQUE (partner, environment, endpoint)
) STRICT;
CREATE INDEX delivery_lanes_ready ON delivery_lanes (environment, partner, (failures > 0), ready_at)
    WHERE ready_at IS NOT NULL;
CREATE INDEX delivery_lanes_soonest ON delivery_lanes (ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX delivery_lanes_idle ON delivery_lanes (id) WHERE ready_at IS NULL;

ALTER TABLE deliveries ADD COLUMN lane INTEGER;
CREATE INDEX deliveries_waiting ON deliveries (lane, next_attempt_at) WHERE state = 'pending' AND lease IS NULL;
CREATE INDEX deliveries_leased_by_lane ON deliveries (lane) WHERE lease IS NOT NULL;

-- Triggers, so that no statement that touches deliveries can forget their lane.
CREATE TRIGGER deliveries_inserted AFTER INSERT ON deliveries BEGIN
    INSERT OR IGNORE INTO delivery_lanes (partner, environment, endpoint)
    SELECT partner, environment, coalesce(callback_endpoint, x'') FROM jobs WHERE smile_job_id = NEW.smile_job_id;
    UPDATE deliveries SET lane = (
        SELECT l.id FROM jobs j JOIN delivery_lanes l ON l.partner = j.partner AND l.environment = j.environment
            AND l.endpoint = coalesce(j.callback_endpoint, x'')
        WHERE j.smile_job_id = NEW.smile_job_id)
    WHERE id = NEW.id;
END;
CREATE TRIGGER deliveries_changed AFTER UPDATE OF lane, state, next_attempt_at, lease ON deliveries BEGIN
    UPDATE delivery_lanes SET ready_at = max(not_before, (
        SELECT min(next_attempt_at) FROM deliveries WHERE lane = NEW.lane AND state = 'pending' AND lease IS NULL))
    WHERE id = NEW.lane;
END;
CREATE TRIGGER deliveries_deleted AFTER DELETE ON deliveries BEGIN
    UPDATE delivery_lanes SET ready_at = max(not_before, (
        SELECT min(next_attempt_at) FROM deliveries WHERE lane = OLD.lane AND state = 'pending' AND lease IS NULL))
    WHERE id = OLD.lane;
END;

-- Deliveries from before there were lanes: their URLs are encrypted, so each partner's share one.
INSERT OR IGNORE INTO delivery_lanes (partner, environment, endpoint)
SELECT DISTINCT j.partner, j.environment, x'' FROM deliveries d JOIN jobs j USING (smile_job_id) WHERE d.state = 'pending';
UPDATE deliveries SET lane = (
    SELECT l.id FROM jobs j JOIN delivery_lanes l ON l.partner = j.partner AND l.environment = j.environment AND l.endpoint = x''
    WHERE j.smile_job_id = deliveries.smile_job_id)
WHERE state = 'pending';
