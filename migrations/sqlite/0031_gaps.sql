-- Gaps, grouped and worked on. The only link to a person is the conversation, and a gap is deleted with it; what stays is a number.
ALTER TABLE gaps ADD COLUMN conversation_id TEXT REFERENCES conversations (id) ON DELETE CASCADE;
ALTER TABLE gaps ADD COLUMN turn_id TEXT;
ALTER TABLE gaps ADD COLUMN comment TEXT; -- what a thumbs-down said
ALTER TABLE gaps ADD COLUMN audience TEXT NOT NULL DEFAULT 'resident';
ALTER TABLE gaps ADD COLUMN cluster_id TEXT;
CREATE UNIQUE INDEX gaps_of_turn ON gaps (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX gaps_by_conversation ON gaps (conversation_id);
CREATE INDEX gaps_by_cluster ON gaps (cluster_id);

CREATE TABLE gap_cluster (
    id          TEXT PRIMARY KEY,
    label       TEXT    NOT NULL,
    state       TEXT    NOT NULL, -- open | assigned | drafted | answered | closed | not_our_duty
    owner       TEXT,             -- an account or a post
    due         TEXT,             -- yyyy-mm-dd
    document_id TEXT,
    curated_id  TEXT,
    reason      TEXT,             -- why it was closed
    first_at    INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    answered_at INTEGER,
    forgotten   INTEGER NOT NULL DEFAULT 0 -- gaps of deleted conversations
);
CREATE TRIGGER gaps_forgotten AFTER DELETE ON gaps WHEN old.cluster_id IS NOT NULL
BEGIN
    UPDATE gap_cluster SET forgotten = forgotten + 1 WHERE id = old.cluster_id;
END;

-- Who was told that there is an answer now: once.
CREATE TABLE gap_told (
    cluster_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    at              INTEGER NOT NULL,
    PRIMARY KEY (cluster_id, conversation_id)
);
