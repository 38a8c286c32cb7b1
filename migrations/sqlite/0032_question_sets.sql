-- Question sets and what came of asking them. A version of a set is never changed.
CREATE TABLE question_set (
    id         TEXT PRIMARY KEY,
    title      TEXT    NOT NULL,
    canonical  INTEGER NOT NULL DEFAULT 0, -- asked before anything is published
    latest     INTEGER NOT NULL,
    retired    INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE question_set_version (
    set_id    TEXT    NOT NULL REFERENCES question_set (id),
    version   INTEGER NOT NULL,
    questions TEXT    NOT NULL,
    author    TEXT    NOT NULL,
    note      TEXT,
    at        INTEGER NOT NULL,
    PRIMARY KEY (set_id, version)
);

CREATE TABLE eval_run (
    id          TEXT PRIMARY KEY,
    set_id      TEXT    NOT NULL,
    set_version INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    by_account  TEXT    NOT NULL,
    note        TEXT,
    setup       TEXT    NOT NULL, -- what it was run against: makes it reproducible
    figures     TEXT    NOT NULL
);
CREATE INDEX eval_run_of ON eval_run (set_id, at);

CREATE TABLE eval_result (
    run_id  TEXT    NOT NULL REFERENCES eval_run (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    result  TEXT    NOT NULL,
    PRIMARY KEY (run_id, ordinal)
) WITHOUT ROWID;
