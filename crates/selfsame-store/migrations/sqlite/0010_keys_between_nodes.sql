-- What keys need where several nodes write (docs/decisions/0089-keys-between-nodes.md). One process has a SQLite database while its
-- keys change; the columns are here so that both databases have one shape.

-- From when on a key writes, in microseconds since 1970.
ALTER TABLE data_keys ADD COLUMN writes_from INTEGER NOT NULL DEFAULT 0;
-- Nothing is written with it any more.
ALTER TABLE data_keys ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
