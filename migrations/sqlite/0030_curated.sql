-- Fixed answers. A version is never changed; `live` is the one that is given. Times are milliseconds since 1970.
CREATE TABLE curated (
    id          TEXT PRIMARY KEY,
    latest      INTEGER NOT NULL,
    live        INTEGER,                    -- null = not given
    retired     INTEGER NOT NULL DEFAULT 0,
    hits        INTEGER NOT NULL DEFAULT 0, -- turns that were answered with it
    last_hit_at INTEGER,
    cluster_id  TEXT,                       -- the gap that it closes
    created_at  INTEGER NOT NULL
);

CREATE TABLE curated_version (
    id           TEXT    NOT NULL REFERENCES curated (id),
    version      INTEGER NOT NULL,
    content      TEXT    NOT NULL,
    author       TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    approver     TEXT,
    approved_at  INTEGER,
    acknowledged TEXT,                      -- why it was published in spite of warnings
    PRIMARY KEY (id, version)
);
