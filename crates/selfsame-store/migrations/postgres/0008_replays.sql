-- Replays that go elsewhere than the job's own callback (docs/decisions/0125-webhooks-of-v3.md).

-- Where this delivery goes; encrypted. NULL: to the job's own URL.
ALTER TABLE deliveries ADD COLUMN url BYTEA;
-- Its endpoint, as jobs.callback_endpoint is written.
ALTER TABLE deliveries ADD COLUMN endpoint BYTEA;

CREATE OR REPLACE FUNCTION delivery_inserted() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    lane_id BIGINT;
BEGIN
    -- Not DO NOTHING: the row is to be locked, or it may be removed as idle before the delivery is seen.
    INSERT INTO delivery_lanes (partner, environment, endpoint)
    SELECT partner, environment, coalesce(NEW.endpoint, callback_endpoint, '') FROM jobs WHERE smile_job_id = NEW.smile_job_id
    ON CONFLICT (partner, environment, endpoint) DO UPDATE SET endpoint = EXCLUDED.endpoint
    RETURNING id INTO lane_id;
    UPDATE deliveries SET lane = lane_id WHERE id = NEW.id;
    RETURN NULL;
END $$;
