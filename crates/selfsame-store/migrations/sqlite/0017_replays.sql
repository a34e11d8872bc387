-- Replays that go elsewhere than the job's own callback (docs/decisions/0125-webhooks-of-v3.md).

-- Where this delivery goes; encrypted. NULL: to the job's own URL.
ALTER TABLE deliveries ADD COLUMN url BLOB;
-- Its endpoint, as jobs.callback_endpoint is written.
ALTER TABLE deliveries ADD COLUMN endpoint BLOB;

DROP TRIGGER deliveries_inserted;
CREATE TRIGGER deliveries_inserted AFTER INSERT ON deliveries BEGIN
    INSERT OR IGNORE INTO delivery_lanes (partner, environment, endpoint)
    SELECT partner, environment, coalesce(NEW.endpoint, callback_endpoint, x'') FROM jobs WHERE smile_job_id = NEW.smile_job_id;
    UPDATE deliveries SET lane = (
        SELECT l.id FROM jobs j JOIN delivery_lanes l ON l.partner = j.partner AND l.environment = j.environment
            AND l.endpoint = coalesce(NEW.endpoint, j.callback_endpoint, x'')
        WHERE j.smile_job_id = NEW.smile_job_id)
    WHERE id = NEW.id;
END;
