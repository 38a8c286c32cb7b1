-- 台账: what is visited again and again. Kind and number name an entry; where it is, and what is known about it, lies sealed.
CREATE TABLE ledger_entries (
    id            TEXT PRIMARY KEY,
    kind          TEXT    NOT NULL,
    number        TEXT    NOT NULL, -- 一户一档: one file per household
    community     TEXT    NOT NULL,
    grid_code     TEXT    NOT NULL,
    interval_days INTEGER NOT NULL,
    next_due      TEXT    NOT NULL, -- a day
    sample        INTEGER NOT NULL DEFAULT 0,
    document      TEXT    NOT NULL, -- sealed: place, details, point
    changed_at    INTEGER NOT NULL,
    UNIQUE (kind, number)
);
CREATE INDEX ledger_entries_due ON ledger_entries (next_due, id);
CREATE INDEX ledger_entries_of_grid ON ledger_entries (grid_code, next_due);

-- A visit is never changed; only the ticket that came of it is noted later, once.
CREATE TABLE ledger_visits (
    id          TEXT PRIMARY KEY, -- drawn by whoever was there, so that sending it twice is one visit
    entry_id    TEXT    NOT NULL REFERENCES ledger_entries (id),
    at          INTEGER NOT NULL,
    account_id  TEXT    NOT NULL,
    by_post     TEXT    NOT NULL,
    result      TEXT    NOT NULL, -- 正常 | 发现隐患 | 没见到
    note        TEXT,             -- sealed
    attachments TEXT    NOT NULL, -- JSON list of ids
    ticket      TEXT
);
CREATE INDEX ledger_visits_of_entry ON ledger_visits (entry_id, at);
