-- Generations of the index: what is wanted, what is told about each, and the parts (lexicon, table) that they bring along.
CREATE TABLE index_plan (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    plan TEXT NOT NULL
);

-- What the command line wishes of the process that holds the index, and how it went.
CREATE TABLE index_wish (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    wish TEXT NOT NULL
);

CREATE TABLE index_generation (
    generation INTEGER PRIMARY KEY,
    record     TEXT NOT NULL
);

CREATE TABLE index_part (
    id    TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
);
