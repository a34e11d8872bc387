-- Where results of jobs go whose request names no callback URL, as in SQLite (migrations/sqlite/0018_partner_callbacks.sql).

ALTER TABLE partners ADD COLUMN sandbox_callback BYTEA;
ALTER TABLE partners ADD COLUMN production_callback BYTEA;
