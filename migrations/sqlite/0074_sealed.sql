-- A ticket lies sealed, and what names its reporter beside it under a seal of its own: who needs only the matter never opens it.
-- Equal phones are found by a keyed hash.
ALTER TABLE tickets ADD COLUMN reporter TEXT;
ALTER TABLE tickets ADD COLUMN phone_index TEXT;
CREATE INDEX tickets_by_phone ON tickets (phone_index) WHERE phone_index IS NOT NULL;

-- The key under which everything lies; another one in the configuration means that all of it is to be sealed again.
CREATE TABLE sealing (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    key_name TEXT NOT NULL
);
