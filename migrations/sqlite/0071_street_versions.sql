-- Versions of the street's own files. A version is every file that is not as shipped (JSON: name → text), and is never changed.
-- 0 is what was shipped and has no row.
CREATE TABLE street_versions (
    version     INTEGER PRIMARY KEY,
    base        INTEGER NOT NULL, -- the one in use when it was made
    files       TEXT    NOT NULL,
    author      TEXT    NOT NULL, -- the account; empty = the command line
    author_name TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    at          INTEGER NOT NULL
);
CREATE TRIGGER street_versions_in_order BEFORE INSERT ON street_versions
WHEN NEW.version <> (SELECT COALESCE(MAX(version), 0) + 1 FROM street_versions)
BEGIN SELECT RAISE(ABORT, 'versions are numbered one after the other'); END;
CREATE TRIGGER street_versions_stay BEFORE UPDATE ON street_versions
BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;
CREATE TRIGGER street_versions_kept BEFORE DELETE ON street_versions
BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;

-- Which version is to be in use: the newest row. Going back is another row. What the service made of it is written later.
CREATE TABLE street_activations (
    seq         INTEGER PRIMARY KEY,
    version     INTEGER NOT NULL,
    before      INTEGER NOT NULL,
    author      TEXT    NOT NULL,
    author_name TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    taken_at    INTEGER, -- since when the service uses it, or says why not
    fault       TEXT
);
CREATE TRIGGER street_activations_in_order BEFORE INSERT ON street_activations
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM street_activations)
    OR (NEW.version <> 0 AND NOT EXISTS (SELECT 1 FROM street_versions WHERE version = NEW.version))
BEGIN SELECT RAISE(ABORT, 'an activation names a version and follows the one before'); END;
CREATE TRIGGER street_activations_stay BEFORE UPDATE OF seq, version, before, author, author_name, note, at ON street_activations
BEGIN SELECT RAISE(ABORT, 'activations are append-only'); END;
CREATE TRIGGER street_activations_kept BEFORE DELETE ON street_activations
BEGIN SELECT RAISE(ABORT, 'activations are append-only'); END;
