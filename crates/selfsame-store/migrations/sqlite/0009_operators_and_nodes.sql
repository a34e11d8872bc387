-- What operators' tokens allow and until when (NULL: a token from before; for ever), and what nodes count of each other
-- (docs/decisions/0096-operators.md, docs/decisions/0098-limits-across-nodes.md).

ALTER TABLE admin_tokens ADD COLUMN role TEXT;
ALTER TABLE admin_tokens ADD COLUMN expires_at INTEGER;

CREATE TABLE node_counts (
    counted TEXT NOT NULL,
    key TEXT NOT NULL,
    -- One start of one node.
    node TEXT NOT NULL,
    count INTEGER NOT NULL,
    put_at INTEGER NOT NULL,
    PRIMARY KEY (counted, key, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_counts_put_at ON node_counts (put_at);
