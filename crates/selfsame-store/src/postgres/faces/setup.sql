-- Templates in the clear, for search by pgvector. Not among the migrations: only where an operator chose it are these made, and
-- $vector is the schema that the extension is in.

-- A partner's users in one environment, as one model sees them. What is searched is one of these.
CREATE TABLE face_tenants (
    tenant INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    -- Numbers of a template.
    length INT NOT NULL,
    UNIQUE (partner, environment, model, length)
);

-- A partition for each tenant, so that a search reads no other's.
CREATE TABLE faces (
    tenant INT NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    place INT NOT NULL,
    template $vector.halfvec NOT NULL,
    PRIMARY KEY (tenant, user_id, place)
) PARTITION BY LIST (tenant);

-- How far the order of users' changes was followed, by model.
CREATE TABLE faces_followed (
    model TEXT COLLATE "C" PRIMARY KEY,
    sequence BIGINT NOT NULL
);

-- Tells which filling of these tables this is, and by which key its rows are turned. A node that knows another neither writes nor finds.
CREATE TABLE faces_filling (
    salt BYTEA NOT NULL,
    code BYTEA PRIMARY KEY
);

-- What becomes of a template on record becomes of it here, in the same transaction: it goes. Whoever follows the order of changes
-- puts the next one here.
CREATE FUNCTION forget_faces() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    own INT;
BEGIN
    -- Whoever puts rows here holds their users: either it is done, and its rows are seen below, or it sees the change that this is.
    PERFORM FROM users u
    WHERE u.partner = OLD.partner AND u.environment = OLD.environment AND u.user_id = OLD.user_id FOR NO KEY UPDATE;
    -- From their own partitions alone: a statement over all would lock each partner's.
    FOR own IN SELECT t.tenant FROM face_tenants t WHERE t.partner = OLD.partner AND t.environment = OLD.environment LOOP
        EXECUTE format('DELETE FROM faces_%s WHERE user_id = $1', own) USING OLD.user_id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER users_forget_faces AFTER UPDATE ON users FOR EACH ROW
    WHEN (OLD.template IS DISTINCT FROM NEW.template) EXECUTE FUNCTION forget_faces();
CREATE TRIGGER user_templates_forget_faces AFTER DELETE ON user_templates FOR EACH ROW
    EXECUTE FUNCTION forget_faces();
