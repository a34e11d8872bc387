-- Registers of the operator's own (docs/decisions/0116-registers.md).

CREATE TABLE register_entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    register TEXT NOT NULL,
    country TEXT NOT NULL,
    id_type TEXT NOT NULL,
    -- HMAC-SHA256 of register, country, type and number: by it an entry is found, and it does not tell the number.
    code BLOB NOT NULL,
    -- HMAC-SHA256 of the code and what the entry says: by it an import tells that nothing changed, and decrypts nothing.
    content BLOB NOT NULL,
    imported_at INTEGER NOT NULL,
    -- Encrypted JSON.
    record BLOB NOT NULL,
    -- Encrypted. The last column: what is read without it does not read its pages.
    photo BLOB
) STRICT;
CREATE UNIQUE INDEX register_entries_by_code ON register_entries (register, country, id_type, code);
CREATE INDEX register_entries_in_order ON register_entries (register, id);
