-- Who holds which post of the street, as A or as B. A post is named as in dispatch.csv and grids.csv; its past is in the audit log.
CREATE TABLE post_holders (
    post       TEXT    NOT NULL,
    duty       TEXT    NOT NULL, -- A | B
    account_id TEXT    NOT NULL REFERENCES accounts (id),
    since      INTEGER NOT NULL,
    PRIMARY KEY (post, duty)
);
CREATE INDEX post_holders_of ON post_holders (account_id);

-- Who is away, and who acts meanwhile. A leave that is ended early ends then; one that never began ends at its beginning.
CREATE TABLE account_leaves (
    id         TEXT PRIMARY KEY,
    account_id TEXT    NOT NULL REFERENCES accounts (id),
    stand_in   TEXT    NOT NULL REFERENCES accounts (id),
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    note       TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL
);
CREATE INDEX account_leaves_of ON account_leaves (account_id, ends_at);
CREATE INDEX account_leaves_stand_in ON account_leaves (stand_in, ends_at);
