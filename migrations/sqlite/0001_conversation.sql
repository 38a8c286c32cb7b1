-- Conversations of residents and gridworkers. Times are milliseconds since 1970, ids are UUIDs as text, JSON is text.
CREATE TABLE conversations (
    id         TEXT PRIMARY KEY,
    token_hash TEXT    NOT NULL UNIQUE,
    channel    TEXT    NOT NULL,
    audience   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    -- What the conversation remembers outside the model: the ticket draft and the placeholders of personal data.
    memory     TEXT    NOT NULL DEFAULT '{}'
);
CREATE INDEX conversations_by_last ON conversations (last_at);

CREATE TABLE messages (
    id                TEXT PRIMARY KEY,
    conversation_id   TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq               INTEGER NOT NULL,
    role              TEXT    NOT NULL, -- resident | assistant | news
    created_at        INTEGER NOT NULL,
    turn_id           TEXT,
    client_message_id TEXT,
    body              TEXT    NOT NULL, -- everything else a reader sees, as JSON
    feedback          TEXT,
    UNIQUE (conversation_id, seq)
);

CREATE TABLE turns (
    id                TEXT PRIMARY KEY,
    conversation_id   TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    client_message_id TEXT    NOT NULL,
    state             TEXT    NOT NULL, -- running | done
    started_at        INTEGER NOT NULL,
    ended_at          INTEGER,
    outcome           TEXT,             -- the whole turn as the contract shows it, as JSON
    UNIQUE (conversation_id, client_message_id)
);
CREATE INDEX turns_running ON turns (state) WHERE state = 'running';

-- The log of a turn: append-only, deltas coalesced.
CREATE TABLE turn_events (
    turn_id TEXT    NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    id      INTEGER NOT NULL,
    event   TEXT    NOT NULL,
    data    TEXT    NOT NULL,
    PRIMARY KEY (turn_id, id)
) WITHOUT ROWID;

CREATE TABLE attachments (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    content_type    TEXT    NOT NULL,
    bytes           INTEGER NOT NULL,
    width           INTEGER NOT NULL,
    height          INTEGER NOT NULL,
    sha256          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL
);
CREATE INDEX attachments_by_conversation ON attachments (conversation_id);

-- Questions without an answer, with personal data already replaced.
CREATE TABLE gaps (
    id         TEXT PRIMARY KEY,
    question   TEXT    NOT NULL,
    reason     TEXT    NOT NULL, -- no_passage | thumbs_down
    created_at INTEGER NOT NULL
);
