-- Imports: a row a file instead of one list in the row of the job, so that a job goes on where it stood.
ALTER TABLE knowledge_job ADD COLUMN drafts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE knowledge_job ADD COLUMN wished_by TEXT NOT NULL DEFAULT '';
ALTER TABLE knowledge_job ADD COLUMN root TEXT NOT NULL DEFAULT '';
ALTER TABLE knowledge_job ADD COLUMN collected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE knowledge_job ADD COLUMN finished_at INTEGER;

CREATE TABLE import_file (
    job     TEXT NOT NULL REFERENCES knowledge_job (id),
    number  INTEGER NOT NULL,
    source  TEXT NOT NULL,
    -- The word of the outcome; NULL = it waits.
    state   TEXT,
    outcome TEXT,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;

CREATE INDEX import_file_waiting ON import_file (job, number) WHERE state IS NULL;

-- Results of jobs that were done before there were rows for files.
INSERT INTO import_file (job, number, source, state, outcome)
SELECT j.id, f.key,
       json_object('path', json_extract(f.value, '$.path'), 'place', json_array(), 'name', json_extract(f.value, '$.path'), 'named', json('true')),
       json_extract(f.value, '$.outcome'),
       json_remove(f.value, '$.path')
FROM knowledge_job j, json_each(j.files) f WHERE j.state = 'done';
UPDATE knowledge_job SET collected = 1 WHERE state = 'done';
UPDATE knowledge_job SET files = '[]';

-- Which file became which document: the same bytes again need not be read again.
CREATE TABLE import_source (
    name     TEXT PRIMARY KEY,
    hash     TEXT NOT NULL,
    document TEXT NOT NULL,
    version  INTEGER NOT NULL
) WITHOUT ROWID;

DROP INDEX knowledge_job_open;
CREATE INDEX knowledge_job_open ON knowledge_job (id) WHERE state IN ('queued', 'running');
