-- Everything, for PostgreSQL 14 and later. Columns mean what they mean in SQLite (migrations/sqlite tells why each is there); what
-- differs is told here. Times are microseconds since 1970, by this server's clock. Names are compared byte by byte.

-- From when on a key writes; closed: nothing is written with it any more.
CREATE TABLE data_keys (
    number BIGINT PRIMARY KEY,
    wrapped BYTEA NOT NULL,
    writes_from BIGINT NOT NULL DEFAULT 0,
    closed BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE purpose_keys (
    purpose TEXT COLLATE "C" PRIMARY KEY,
    sealed BYTEA NOT NULL
);

-- How every transaction that writes begins: it waits for its locks in their order, and learns what time it is then and whether
-- the key that its node writes with still writes.
CREATE FUNCTION begin_writing(
    locks BIGINT[], shared BOOLEAN[], writes_with BIGINT,
    OUT at BIGINT, OUT newest BIGINT, OUT is_closed BOOLEAN
) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. coalesce(array_length(locks, 1), 0) LOOP
        IF shared[i] THEN
            PERFORM pg_advisory_xact_lock_shared(locks[i]);
        ELSE
            PERFORM pg_advisory_xact_lock(locks[i]);
        END IF;
    END LOOP;
    SELECT max(k.number), coalesce(bool_or(k.closed) FILTER (WHERE k.number = writes_with), TRUE)
    INTO newest, is_closed FROM data_keys k;
    at := extract(epoch FROM clock_timestamp()) * 1000000;
END $$;

CREATE TABLE partners (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT NOT NULL,
    production_enabled BOOLEAN NOT NULL,
    sandbox_key BYTEA NOT NULL,
    production_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    status TEXT NOT NULL,
    template BYTEA,
    model_digest TEXT,
    photo TEXT COLLATE "C",
    enrolled_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (partner, environment, user_id)
);
CREATE INDEX users_photo ON users (photo) WHERE photo IS NOT NULL;

CREATE TABLE user_templates (
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    model_digest TEXT COLLATE "C" NOT NULL,
    photo TEXT COLLATE "C" NOT NULL,
    template BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (partner, environment, user_id, model_digest, photo)
);

-- The order in which users changed. A sequence gives numbers in the order in which they are asked for, and transactions become
-- visible in another: whoever follows would miss what was numbered early and committed late. So numbers are given at the commit,
-- by deferred triggers, under a lock that lasts until the commit is visible.
CREATE SEQUENCE user_change_numbers AS BIGINT CACHE 1;
CREATE TABLE user_changes (
    sequence BIGINT PRIMARY KEY,
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    UNIQUE (partner, environment, user_id)
);
CREATE INDEX user_changes_of_partner ON user_changes (partner, environment, sequence);

CREATE FUNCTION number_user_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    changed RECORD;
BEGIN
    IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;
    -- "selfsame", read as a number: nothing else takes this lock.
    PERFORM pg_advisory_xact_lock(x'73656c6673616d65'::bigint);
    INSERT INTO user_changes (sequence, partner, environment, user_id)
    VALUES (nextval('user_change_numbers'), changed.partner, changed.environment, changed.user_id)
    ON CONFLICT (partner, environment, user_id) DO UPDATE SET sequence = EXCLUDED.sequence;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER users_changed AFTER INSERT OR UPDATE ON users
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_user_change();
CREATE CONSTRAINT TRIGGER user_templates_changed AFTER INSERT OR DELETE ON user_templates
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_user_change();

CREATE TABLE failed_attempts (
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    locked_until BIGINT,
    PRIMARY KEY (partner, environment, user_id)
);
CREATE INDEX failed_attempts_by_age ON failed_attempts (last_at);

-- Jobs change state a few times within seconds: pages keep room for it, and dead rows are cleared early.
CREATE TABLE jobs (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    smile_job_id TEXT COLLATE "C" NOT NULL UNIQUE,
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    job_id TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    request BYTEA NOT NULL,
    blob TEXT COLLATE "C",
    grant_hash BYTEA,
    grant_expires_at BIGINT,
    attempts BIGINT NOT NULL DEFAULT 0,
    lease TEXT,
    lease_until BIGINT,
    result BYTEA,
    result_code TEXT,
    success BOOLEAN,
    callback_url BYTEA,
    callback_endpoint BYTEA,
    request_code BYTEA,
    package_code BYTEA,
    erased TEXT,
    synchronous BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX jobs_by_name ON jobs (partner, environment, job_id, seq);
CREATE INDEX jobs_by_user ON jobs (partner, environment, user_id);
CREATE INDEX jobs_by_request ON jobs (partner, environment, request_code, seq) WHERE request_code IS NOT NULL;
-- Partial, so that no foreign key can mean it: who changes it needs no stronger lock on the row.
CREATE UNIQUE INDEX jobs_by_grant ON jobs (grant_hash) WHERE grant_hash IS NOT NULL;
CREATE INDEX jobs_blob ON jobs (blob) WHERE blob IS NOT NULL;
CREATE INDEX jobs_open ON jobs (state, partner, environment) WHERE state <> 'done';
CREATE INDEX jobs_queued ON jobs (environment, partner, synchronous, seq) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_uploads ON jobs (grant_expires_at) WHERE state = 'awaiting_upload';
CREATE INDEX jobs_packages ON jobs (updated_at) WHERE state = 'done' AND blob IS NOT NULL;
CREATE INDEX jobs_contents ON jobs (updated_at) WHERE state = 'done' AND erased IS NULL;

-- How many jobs of each partner are open. Counted, by an index of open jobs only: a counter would be a row for which all of a
-- partner's transactions wait.
CREATE VIEW open_jobs AS
    SELECT partner, environment, state, count(*) AS jobs, CAST(sum(length(request)) AS BIGINT) AS bytes
    FROM jobs WHERE state <> 'done' GROUP BY partner, environment, state;

CREATE TABLE reviews (
    smile_job_id TEXT COLLATE "C" PRIMARY KEY REFERENCES jobs (smile_job_id),
    state TEXT COLLATE "C" NOT NULL,
    template BYTEA,
    model_digest TEXT,
    decision TEXT,
    reviewer TEXT,
    note BYTEA,
    result BYTEA,
    result_code TEXT,
    success BOOLEAN,
    opened_at BIGINT NOT NULL,
    decided_at BIGINT,
    judged_status TEXT,
    judged_photo TEXT
);
CREATE INDEX reviews_pending ON reviews (opened_at) WHERE state = 'pending';

CREATE VIEW results AS
    SELECT seq, FALSE AS after_review, smile_job_id, partner, environment, job_id, result, success, result_code,
           updated_at AS finished_at
    FROM jobs WHERE state = 'done'
    UNION ALL
    SELECT j.seq, TRUE, j.smile_job_id, j.partner, j.environment, j.job_id, r.result, r.success, r.result_code, r.decided_at
    FROM reviews r JOIN jobs j ON j.smile_job_id = r.smile_job_id WHERE r.state = 'decided';

CREATE TABLE accepted_images (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    job_id TEXT NOT NULL,
    smile_job_id TEXT COLLATE "C" NOT NULL,
    image BIGINT NOT NULL,
    exact BYTEA NOT NULL,
    perceptual BYTEA,
    at BIGINT NOT NULL
);
CREATE INDEX accepted_images_exact ON accepted_images (partner, environment, exact);
CREATE INDEX accepted_images_by_user ON accepted_images (partner, environment, user_id);
CREATE INDEX accepted_images_by_job ON accepted_images (smile_job_id);
CREATE INDEX accepted_images_latest ON accepted_images (partner, environment, id) WHERE perceptual IS NOT NULL;

CREATE TABLE challenges (
    id TEXT COLLATE "C" PRIMARY KEY,
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    job_id TEXT COLLATE "C",
    turns TEXT NOT NULL,
    drawn_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_by TEXT COLLATE "C"
);
CREATE INDEX challenges_by_user ON challenges (partner, environment, user_id, drawn_at);
CREATE INDEX challenges_expired ON challenges (expires_at);

CREATE TABLE claim_counters (
    queue TEXT COLLATE "C" PRIMARY KEY,
    claims BIGINT NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE claim_turns (
    queue TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    partner TEXT COLLATE "C" NOT NULL,
    last BIGINT NOT NULL,
    claims BIGINT NOT NULL,
    PRIMARY KEY (queue, environment, partner)
) WITH (fillfactor = 50);

CREATE TABLE delivery_lanes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    endpoint BYTEA NOT NULL,
    failures BIGINT NOT NULL DEFAULT 0,
    -- A column, for the planner takes `(failures > 0) = FALSE` apart and then finds no index.
    failing BOOLEAN GENERATED ALWAYS AS (failures > 0) STORED,
    not_before BIGINT NOT NULL DEFAULT 0,
    ready_at BIGINT,
    UNIQUE (partner, environment, endpoint)
) WITH (fillfactor = 50);
CREATE INDEX delivery_lanes_ready ON delivery_lanes (environment, partner, failing, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX delivery_lanes_soonest ON delivery_lanes (ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX delivery_lanes_idle ON delivery_lanes (id) WHERE ready_at IS NULL;

CREATE TABLE deliveries (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    smile_job_id TEXT COLLATE "C" NOT NULL REFERENCES jobs (smile_job_id),
    state TEXT COLLATE "C" NOT NULL,
    next_attempt_at BIGINT,
    lease TEXT,
    lease_until BIGINT,
    after_review BOOLEAN NOT NULL DEFAULT FALSE,
    lane BIGINT
);
CREATE INDEX deliveries_by_job ON deliveries (smile_job_id);
CREATE INDEX deliveries_pending ON deliveries (id) WHERE state = 'pending';
CREATE INDEX deliveries_waiting ON deliveries (lane, next_attempt_at) WHERE state = 'pending' AND lease IS NULL;
CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE lease IS NOT NULL;
CREATE INDEX deliveries_by_lease ON deliveries (lease) WHERE lease IS NOT NULL;
CREATE INDEX deliveries_leased_by_lane ON deliveries (lane) WHERE lease IS NOT NULL;

-- A lane's row is locked before its deliveries are looked at, and what is looked at then is read anew: whoever added or took one
-- meanwhile is seen. (An UPDATE with a subquery would look with the eyes it had before it waited.)
CREATE FUNCTION ready_lane(lane_id BIGINT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    soonest BIGINT;
BEGIN
    PERFORM 1 FROM delivery_lanes WHERE id = lane_id FOR UPDATE;
    SELECT min(next_attempt_at) INTO soonest FROM deliveries
    WHERE lane = lane_id AND state = 'pending' AND lease IS NULL;
    UPDATE delivery_lanes SET ready_at = CASE WHEN soonest IS NULL THEN NULL ELSE greatest(not_before, soonest) END
    WHERE id = lane_id;
END $$;
CREATE FUNCTION delivery_inserted() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    lane_id BIGINT;
BEGIN
    -- Not DO NOTHING: the row is to be locked, or it may be removed as idle before the delivery is seen.
    INSERT INTO delivery_lanes (partner, environment, endpoint)
    SELECT partner, environment, coalesce(callback_endpoint, '') FROM jobs WHERE smile_job_id = NEW.smile_job_id
    ON CONFLICT (partner, environment, endpoint) DO UPDATE SET endpoint = EXCLUDED.endpoint
    RETURNING id INTO lane_id;
    UPDATE deliveries SET lane = lane_id WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE FUNCTION delivery_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM ready_lane(OLD.lane);
    ELSE
        PERFORM ready_lane(NEW.lane);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER deliveries_inserted AFTER INSERT ON deliveries
    FOR EACH ROW EXECUTE FUNCTION delivery_inserted();
CREATE TRIGGER deliveries_changed AFTER DELETE OR UPDATE OF lane, state, next_attempt_at, lease ON deliveries
    FOR EACH ROW EXECUTE FUNCTION delivery_changed();

CREATE TABLE delivery_attempts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery BIGINT NOT NULL REFERENCES deliveries (id),
    at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    http_status BIGINT,
    error TEXT
);
CREATE INDEX delivery_attempts_by_delivery ON delivery_attempts (delivery);

CREATE VIEW waiting AS
    SELECT 'callbacks' AS what, count(*) AS items FROM deliveries WHERE state = 'pending'
    UNION ALL
    SELECT 'reviews', count(*) FROM reviews WHERE state = 'pending';

CREATE TABLE admin_tokens (
    name TEXT COLLATE "C" PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    role TEXT,
    expires_at BIGINT
);

CREATE TABLE node_counts (
    counted TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    node TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    put_at BIGINT NOT NULL,
    PRIMARY KEY (counted, key, node)
) WITH (fillfactor = 50);
CREATE INDEX node_counts_put_at ON node_counts (put_at);

CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    previous BYTEA NOT NULL,
    code BYTEA NOT NULL
);
-- Against mistakes; against malice there is the chain.
CREATE FUNCTION audit_stays() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit records are never changed, and never removed';
END $$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
CREATE TABLE audit_head (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    sealed BYTEA NOT NULL
);

CREATE TABLE in_force (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    policy TEXT NOT NULL,
    template_model TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE TABLE last_probe (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    at BIGINT NOT NULL
) WITH (fillfactor = 10);
