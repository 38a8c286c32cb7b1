-- Where the window stands. `default` and `worker` are there without a row; a row is what the desk has said about a channel.
CREATE TABLE channels (
    id         TEXT PRIMARY KEY,
    revision   INTEGER NOT NULL, -- grows by one with each change
    settings   TEXT    NOT NULL, -- JSON
    changed_at INTEGER NOT NULL,
    changed_by TEXT    NOT NULL  -- the account's name then
);
-- What hosts sign with. Lies sealed; shown once, when it is made.
CREATE TABLE channel_secrets (
    id         TEXT PRIMARY KEY,
    channel    TEXT    NOT NULL,
    secret     TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    made_by    TEXT    NOT NULL,
    ends_at    INTEGER -- from then on it opens nothing; none = the one to sign with
);
CREATE UNIQUE INDEX channel_secrets_current ON channel_secrets (channel) WHERE ends_at IS NULL;
CREATE INDEX channel_secrets_of ON channel_secrets (channel, made_at);
-- Tokens that opened a conversation: each opens one. Forgotten when they have run out anyway.
CREATE TABLE channel_tokens (
    channel TEXT    NOT NULL,
    token   TEXT    NOT NULL, -- SHA-256 of its id
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (channel, token)
) WITHOUT ROWID;
CREATE INDEX channel_tokens_by_end ON channel_tokens (ends_at);
