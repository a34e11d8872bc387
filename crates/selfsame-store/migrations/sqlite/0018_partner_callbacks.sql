-- Where results of jobs go whose request names no callback URL (docs/decisions/0157-default-callbacks.md); encrypted. NULL: nowhere.

ALTER TABLE partners ADD COLUMN sandbox_callback BLOB;
ALTER TABLE partners ADD COLUMN production_callback BLOB;
