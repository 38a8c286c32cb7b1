-- Photos, voice and short video: of a conversation, or of an account (what a gridworker found on the spot).
CREATE TABLE attachments_of_somebody (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT REFERENCES conversations (id) ON DELETE CASCADE,
    account_id      TEXT,
    kind            TEXT    NOT NULL, -- photo | voice | video
    content_type    TEXT    NOT NULL,
    bytes           INTEGER NOT NULL,
    width           INTEGER NOT NULL, -- 0 = not a photo
    height          INTEGER NOT NULL,
    duration_ms     INTEGER,          -- of voice and video, where the container says so
    sha256          TEXT    NOT NULL,
    thumb_sha256    TEXT,             -- of the small picture; null = there is none
    created_at      INTEGER NOT NULL,
    CHECK ((conversation_id IS NULL) <> (account_id IS NULL))
);
INSERT INTO attachments_of_somebody
    SELECT id, conversation_id, NULL, 'photo', content_type, bytes, width, height, NULL, sha256, NULL, created_at FROM attachments;
DROP TABLE attachments;
ALTER TABLE attachments_of_somebody RENAME TO attachments;
CREATE INDEX attachments_by_conversation ON attachments (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX attachments_by_account ON attachments (account_id, created_at) WHERE account_id IS NOT NULL;

-- What was added to a ticket after it was confirmed: by the resident, or with a move (event_id).
CREATE TABLE ticket_evidence (
    id          TEXT PRIMARY KEY,
    ticket_id   TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    event_id    INTEGER,
    at          INTEGER NOT NULL,
    added_by    TEXT    NOT NULL,
    note        TEXT,             -- sealed; of a move it stands in the event
    attachments TEXT    NOT NULL  -- JSON list of ids
);
CREATE INDEX ticket_evidence_by_ticket ON ticket_evidence (ticket_id, at);
CREATE INDEX ticket_evidence_by_event ON ticket_evidence (event_id) WHERE event_id IS NOT NULL;

-- Which platforms want attachments is fixed with the ticket's first push, as what else they want.
ALTER TABLE ticket_destinations ADD COLUMN attachments INTEGER NOT NULL DEFAULT 0;
UPDATE ticket_destinations SET attachments = 1 WHERE EXISTS (
    SELECT 1 FROM outbox o WHERE o.ticket_id = ticket_destinations.ticket_id
        AND o.destination = ticket_destinations.destination AND o.kind = 'attachment');
