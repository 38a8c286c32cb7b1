-- Which category a ticket really has, by whom. Append-only: a correction is a new row. No words of the ticket are repeated
-- here, so that deleting the ticket deletes what can be learnt from it.
CREATE TABLE category_labels (
    id          INTEGER PRIMARY KEY,
    ticket_id   TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    code        TEXT    NOT NULL,
    source      TEXT    NOT NULL, -- confirmed | resident | worker
    labelled_by TEXT, -- the account, when it was one
    at          INTEGER NOT NULL
);
CREATE INDEX category_labels_of ON category_labels (ticket_id, id);
CREATE INDEX category_labels_corrections ON category_labels (id) WHERE source <> 'confirmed';

-- Tickets from before: their residents confirmed the category on the card.
INSERT INTO category_labels (ticket_id, code, source, at) SELECT id, category, 'confirmed', created_at FROM tickets;
