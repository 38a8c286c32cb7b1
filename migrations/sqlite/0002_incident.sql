-- Tickets, their moves, and their way to a governance platform. Times are milliseconds since 1970, ids are UUIDs as
-- text, JSON is text.
CREATE TABLE ticket_counters (
    day  TEXT PRIMARY KEY, -- yyyymmdd in the street's time zone
    last INTEGER NOT NULL
);

CREATE TABLE tickets (
    id              TEXT PRIMARY KEY, -- also the idempotency key towards a platform
    number          TEXT    NOT NULL UNIQUE,
    draft_id        TEXT    NOT NULL UNIQUE,
    conversation_id TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    category        TEXT    NOT NULL,
    grid_code       TEXT,
    urgency         TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    accept_by       INTEGER NOT NULL,
    resolve_by      INTEGER NOT NULL,
    -- The time of the newest platform callback that moved it: an older one that comes later is out of order.
    platform_at     INTEGER,
    document        TEXT    NOT NULL -- the whole ticket; its status is the column's
);
CREATE INDEX tickets_by_conversation ON tickets (conversation_id, created_at);
CREATE INDEX tickets_by_status ON tickets (status, accept_by);
CREATE INDEX tickets_by_place ON tickets (grid_code, category, created_at);

-- Append-only: rows are added, and told_at is set once.
CREATE TABLE ticket_events (
    id          INTEGER PRIMARY KEY,
    ticket_id   TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    at          INTEGER NOT NULL,
    from_status TEXT,
    to_status   TEXT    NOT NULL,
    moved_by    TEXT    NOT NULL,
    note        TEXT,
    told_at     INTEGER -- null until the conversation has been told
);
CREATE INDEX ticket_events_of ON ticket_events (ticket_id, id);
CREATE INDEX ticket_events_untold ON ticket_events (id) WHERE told_at IS NULL;

CREATE TABLE ticket_ratings (
    id        INTEGER PRIMARY KEY,
    ticket_id TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    solved    INTEGER NOT NULL,
    stars     INTEGER NOT NULL,
    comment   TEXT,
    at        INTEGER NOT NULL
);
CREATE INDEX ticket_ratings_of ON ticket_ratings (ticket_id, id);

-- The number that each platform gave.
CREATE TABLE ticket_externals (
    ticket_id   TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    destination TEXT NOT NULL,
    external_no TEXT NOT NULL,
    PRIMARY KEY (ticket_id, destination)
);
CREATE INDEX ticket_externals_by_no ON ticket_externals (external_no);

CREATE TABLE outbox (
    id            INTEGER PRIMARY KEY,
    ticket_id     TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    destination   TEXT    NOT NULL,
    state         TEXT    NOT NULL, -- pending | delivered | dead
    attempts      INTEGER NOT NULL DEFAULT 0,
    -- 1 while a push may have arrived without our knowing: ask before sending again.
    unsure        INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER NOT NULL,
    claimed_by    TEXT,
    claimed_until INTEGER,
    created_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    reason        TEXT
);
CREATE INDEX outbox_due ON outbox (destination, next_at, id) WHERE state = 'pending';
CREATE INDEX outbox_open ON outbox (ticket_id, destination, id) WHERE state <> 'delivered';
CREATE INDEX outbox_by_state ON outbox (state, id);

-- Append-only: one row per attempt, asked or sent.
CREATE TABLE outbox_attempts (
    id          INTEGER PRIMARY KEY,
    outbox_id   INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL,
    act         TEXT    NOT NULL, -- asked | sent | asked+sent
    outcome     TEXT    NOT NULL, -- delivered | retry | dead
    http_status INTEGER,
    reason      TEXT
);
CREATE INDEX outbox_attempts_of ON outbox_attempts (outbox_id, id);

-- Each webhook-id once, with what became of it.
CREATE TABLE platform_callbacks (
    webhook_id  TEXT PRIMARY KEY,
    received_at INTEGER NOT NULL,
    ticket_id   TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    status      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    applied     INTEGER NOT NULL,
    remark      TEXT -- why it was not applied
);
CREATE INDEX platform_callbacks_of ON platform_callbacks (ticket_id, received_at);
