-- How a turn came to its answer: the scores of each leg, for the hit test. Never shown to residents, deleted with the turn.
CREATE TABLE turn_trace (
    turn_id    TEXT PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
    curated_id TEXT,
    trace      TEXT NOT NULL
);

-- Past questions whose answer somebody called right: pairs to train on. Personal data are already replaced.
CREATE TABLE confirmed_question (
    turn_id         TEXT PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
    question        TEXT    NOT NULL,
    document_id     TEXT    NOT NULL,
    clause          TEXT    NOT NULL,
    by_account      TEXT,             -- null = a thumbs-up
    at              INTEGER NOT NULL
);

CREATE INDEX messages_by_turn ON messages (turn_id) WHERE turn_id IS NOT NULL;
