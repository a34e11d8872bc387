-- Further templates of users (docs/decisions/0077). Applied once, in one transaction.

-- Beside the one in `users`, which is of the latest enrolment: of earlier enrolments that it matched, and of its photo by other
-- models. `photo` names the job that the picture came with; that job's package may be gone.
CREATE TABLE user_templates (
    partner TEXT NOT NULL,
    environment TEXT NOT NULL,
    user_id TEXT NOT NULL,
    model_digest TEXT NOT NULL,
    photo TEXT NOT NULL,
    template BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (partner, environment, user_id, model_digest, photo)
) STRICT;

-- They are changes to their user, for those who follow the order of changes.
CREATE TRIGGER user_templates_inserted AFTER INSERT ON user_templates BEGIN
    DELETE FROM user_changes
    WHERE partner = NEW.partner AND environment = NEW.environment AND user_id = NEW.user_id;
    INSERT INTO user_changes (partner, environment, user_id) VALUES (NEW.partner, NEW.environment, NEW.user_id);
END;
CREATE TRIGGER user_templates_deleted AFTER DELETE ON user_templates BEGIN
    DELETE FROM user_changes
    WHERE partner = OLD.partner AND environment = OLD.environment AND user_id = OLD.user_id;
    INSERT INTO user_changes (partner, environment, user_id) VALUES (OLD.partner, OLD.environment, OLD.user_id);
END;
