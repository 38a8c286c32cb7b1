-- How each turn went, without a word of it: what the log of questions is filtered by. The words stay sealed in `messages`.
CREATE TABLE turn_log (
    turn_id         TEXT PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    at              INTEGER NOT NULL, -- when it ended
    channel         TEXT    NOT NULL,
    audience        TEXT    NOT NULL,
    route           TEXT    NOT NULL,
    finish          TEXT    NOT NULL,
    generated       INTEGER NOT NULL, -- a model wrote the words
    citations       INTEGER NOT NULL, -- how many
    guarded         INTEGER NOT NULL  -- a tip-off or a confidential matter: its words are for those who handle it
);
CREATE INDEX turn_log_by_time ON turn_log (at);
CREATE INDEX turn_log_by_conversation ON turn_log (conversation_id);
