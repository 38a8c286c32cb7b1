-- Accounts of people and programs. Nothing here opens anything: passwords are argon2id, tokens and keys are SHA-256.
CREATE TABLE accounts (
    id              TEXT PRIMARY KEY,
    name            TEXT    NOT NULL,
    folded_name     TEXT    NOT NULL UNIQUE,
    title           TEXT    NOT NULL DEFAULT '',
    roles           TEXT    NOT NULL, -- JSON: words
    scope           TEXT    NOT NULL, -- JSON: {communities, grids}
    password_hash   TEXT,             -- PHC string; NULL: keys only
    one_time_until  INTEGER,          -- set: given by somebody else, to be changed at the first sign-in
    password_at     INTEGER,
    disabled_at     INTEGER,
    created_at      INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    last_sign_in_at INTEGER
);
-- An account is disabled, never deleted: what it did keeps its name, and the first administrator is never made again.
CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts BEGIN
    SELECT RAISE(ABORT, 'accounts are disabled, not deleted');
END;

CREATE TABLE account_sessions (
    id           TEXT PRIMARY KEY,
    account_id   TEXT    NOT NULL REFERENCES accounts (id),
    token_hash   TEXT    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    idle_until   INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL,
    net          TEXT    NOT NULL, -- shortened to the network
    device       TEXT    NOT NULL
);
CREATE INDEX account_sessions_by_account ON account_sessions (account_id, created_at);

CREATE TABLE account_keys (
    id           TEXT PRIMARY KEY,
    account_id   TEXT    NOT NULL REFERENCES accounts (id),
    name         TEXT    NOT NULL,
    prefix       TEXT    NOT NULL,
    secret_hash  TEXT    NOT NULL UNIQUE,
    permissions  TEXT    NOT NULL, -- JSON: words
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
);
CREATE INDEX account_keys_by_account ON account_keys (account_id, created_at);

-- Tries to sign in, per name (whether there is such an account or not) and per address, both as hashes.
CREATE TABLE sign_in_tries (
    subject      TEXT PRIMARY KEY,
    tries        INTEGER NOT NULL,
    first_at     INTEGER NOT NULL,
    locked_until INTEGER
);
