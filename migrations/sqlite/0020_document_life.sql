-- The life of a document: versions in every state, drafts, an append-only history.
-- A version's text is never changed; where it stands and who had it in hand is.
ALTER TABLE knowledge_version ADD COLUMN state TEXT NOT NULL DEFAULT 'published';
-- Number of its publication among those of the document; NULL before.
ALTER TABLE knowledge_version ADD COLUMN published INTEGER;
ALTER TABLE knowledge_version ADD COLUMN hands TEXT NOT NULL DEFAULT '{}';
UPDATE knowledge_version SET published = version,
    hands = '{"authors":["operator"],"submitted_by":"操作员"}';

-- Lines of the history so far, and why the document is out of use (JSON). `version` is the one published last, 0 = none.
ALTER TABLE knowledge_document ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE knowledge_document ADD COLUMN retirement TEXT;
UPDATE knowledge_document SET seq = 1;
UPDATE knowledge_document SET retirement = '{"reason":"操作员下架","successor":null,"ended_on":null}' WHERE retired;

CREATE TABLE knowledge_draft (
    document_id  TEXT PRIMARY KEY REFERENCES knowledge_document (id),
    revision     INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    meta         TEXT NOT NULL,
    body         TEXT NOT NULL,
    hands        TEXT NOT NULL,
    updated_at   INTEGER NOT NULL
);

CREATE TABLE knowledge_event (
    document_id TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    actor_name  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    version     INTEGER,
    note        TEXT NOT NULL,
    PRIMARY KEY (document_id, seq)
) WITHOUT ROWID;

INSERT INTO knowledge_event (document_id, seq, at, actor, actor_name, kind, version, note)
SELECT id, 1, stored_at, 'operator', '操作员', 'imported', version, '' FROM knowledge_document;

CREATE TRIGGER knowledge_event_stays BEFORE UPDATE ON knowledge_event
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER knowledge_event_kept BEFORE DELETE ON knowledge_event
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER knowledge_version_stays BEFORE UPDATE OF document_id, version, content_hash, meta, body ON knowledge_version
BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;
CREATE TRIGGER knowledge_version_kept BEFORE DELETE ON knowledge_version
BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;

CREATE TABLE knowledge_acknowledgement (
    document_id TEXT NOT NULL,
    finding     TEXT NOT NULL,
    kept        TEXT NOT NULL,
    PRIMARY KEY (document_id, finding)
) WITHOUT ROWID;

CREATE INDEX knowledge_version_waiting ON knowledge_version (document_id) WHERE state = 'in_review';
