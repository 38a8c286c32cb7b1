-- Documents of the knowledge base: a row a document, a row a version, a row a passage. Versions are never changed.
CREATE TABLE knowledge_document (
    id          TEXT PRIMARY KEY,
    version     INTEGER NOT NULL,
    retired     INTEGER NOT NULL DEFAULT 0,
    stored_at   INTEGER NOT NULL
);

CREATE TABLE knowledge_version (
    document_id  TEXT NOT NULL REFERENCES knowledge_document (id),
    version      INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    meta         TEXT NOT NULL,
    body         TEXT NOT NULL,
    stored_at    INTEGER NOT NULL,
    PRIMARY KEY (document_id, version)
);

CREATE TABLE knowledge_passage (
    id          TEXT PRIMARY KEY,
    document_id TEXT NOT NULL,
    version     INTEGER NOT NULL,
    ordinal     INTEGER NOT NULL,
    passage     TEXT NOT NULL,
    FOREIGN KEY (document_id, version) REFERENCES knowledge_version (document_id, version),
    UNIQUE (document_id, version, ordinal)
);

-- Wishes to import, worked off by whoever holds the index.
CREATE TABLE knowledge_job (
    id         TEXT PRIMARY KEY,
    paths      TEXT NOT NULL,
    audience   TEXT NOT NULL,
    state      TEXT NOT NULL,
    files      TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE INDEX knowledge_job_open ON knowledge_job (id) WHERE state <> 'done';
