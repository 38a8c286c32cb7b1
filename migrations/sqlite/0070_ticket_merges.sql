-- Merges of tickets (一起反映, 合并). Append-only: a row is added, and its split is set once.
CREATE TABLE ticket_merges (
    id            INTEGER PRIMARY KEY,
    ticket_id     TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    into_id       TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    status_before TEXT    NOT NULL, -- what a split gives back
    merged_at     INTEGER NOT NULL,
    merged_by     TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    split_at      INTEGER,
    split_by      TEXT,
    split_reason  TEXT
);
-- A ticket is in at most one other.
CREATE UNIQUE INDEX ticket_merges_live ON ticket_merges (ticket_id) WHERE split_at IS NULL;
CREATE INDEX ticket_merges_into ON ticket_merges (into_id) WHERE split_at IS NULL;

-- How many suffer as the resident told it, of tickets that others were merged into: what is left when they are split off again.
CREATE TABLE ticket_people_told (
    ticket_id TEXT PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    told      INTEGER -- null = nothing was told
);

-- Moves of a ticket that the residents of the tickets merged into it are to be told, each once.
CREATE TABLE ticket_follow_news (
    event_id  INTEGER NOT NULL REFERENCES ticket_events (id) ON DELETE CASCADE,
    ticket_id TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE, -- the merged one
    told_at   INTEGER,
    PRIMARY KEY (event_id, ticket_id)
);
CREATE INDEX ticket_follow_news_untold ON ticket_follow_news (event_id) WHERE told_at IS NULL;
