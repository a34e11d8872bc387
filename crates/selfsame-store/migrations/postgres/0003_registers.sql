-- Registers of the operator's own, as in SQLite (migrations/sqlite/0012_registers.sql tells what each column is for).

CREATE TABLE register_entries (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    register TEXT COLLATE "C" NOT NULL,
    country TEXT COLLATE "C" NOT NULL,
    id_type TEXT COLLATE "C" NOT NULL,
    code BYTEA NOT NULL,
    content BYTEA NOT NULL,
    imported_at BIGINT NOT NULL,
    record BYTEA NOT NULL,
    photo BYTEA
);
CREATE UNIQUE INDEX register_entries_by_code ON register_entries (register, country, id_type, code);
CREATE INDEX register_entries_in_order ON register_entries (register, id);
-- Ciphertext does not get smaller, and the number of its key is read from its beginning alone.
ALTER TABLE register_entries ALTER COLUMN record SET STORAGE EXTERNAL, ALTER COLUMN photo SET STORAGE EXTERNAL;
