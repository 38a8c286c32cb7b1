-- The clocks of a ticket, the steps that they lead to, and what was done to them. Times are milliseconds since 1970.
CREATE TABLE ticket_clocks (
    id           INTEGER PRIMARY KEY,
    ticket_id    TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL, -- 受理 | 办结
    round        INTEGER NOT NULL, -- one more each time the ticket is done again
    plan         INTEGER NOT NULL, -- which plan of steps holds
    rule         TEXT    NOT NULL, -- id in clocks.csv
    basis        TEXT    NOT NULL, -- the rule in words
    counting     TEXT    NOT NULL, -- 连续 | 工作时间
    state        TEXT    NOT NULL, -- running | paused | stopped | ended
    started_at   INTEGER NOT NULL,
    -- The deadline is always left_ms counted on from since: a changed calendar, a pause and a restart lose nothing.
    since        INTEGER NOT NULL,
    left_ms      INTEGER NOT NULL,
    allowed_ms   INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    paused_until INTEGER,
    paused_why   TEXT,
    extended     INTEGER NOT NULL DEFAULT 0,
    extended_why TEXT,
    ended_at     INTEGER,
    UNIQUE (ticket_id, kind, round)
);
CREATE INDEX ticket_clocks_paused ON ticket_clocks (paused_until) WHERE state = 'paused';
CREATE INDEX ticket_clocks_running ON ticket_clocks (state, counting) WHERE state = 'running';

CREATE TABLE ticket_alarms (
    id         INTEGER PRIMARY KEY,
    clock_id   INTEGER NOT NULL REFERENCES ticket_clocks (id) ON DELETE CASCADE,
    plan       INTEGER NOT NULL,
    step       TEXT    NOT NULL, -- 提醒 | 催办 | 督办
    receiver   TEXT    NOT NULL, -- A岗 | B岗 | 值班领导 | 指挥中心
    title      TEXT    NOT NULL, -- the receiver's title, never a name
    words      TEXT    NOT NULL,
    offset_min INTEGER NOT NULL,
    counting   TEXT    NOT NULL,
    due_at     INTEGER, -- null while the clock does not run
    state      TEXT    NOT NULL, -- planned | fired | dropped
    fired_at   INTEGER,
    taken_at   INTEGER,
    taken_by   TEXT -- the account
);
CREATE INDEX ticket_alarms_due ON ticket_alarms (due_at, id) WHERE state = 'planned' AND due_at IS NOT NULL;
CREATE INDEX ticket_alarms_of ON ticket_alarms (clock_id, plan);
CREATE INDEX ticket_alarms_open ON ticket_alarms (fired_at, id) WHERE state = 'fired' AND taken_at IS NULL;

-- Append-only.
CREATE TABLE ticket_clock_changes (
    id         INTEGER PRIMARY KEY,
    clock_id   INTEGER NOT NULL REFERENCES ticket_clocks (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL, -- pause | resume | extend | stop | restart | calendar
    at         INTEGER NOT NULL,
    changed_by TEXT, -- the account; null for the service itself
    reason     TEXT, -- id of the pause's reason
    why        TEXT, -- as the resident reads it
    note       TEXT, -- for colleagues
    due_before INTEGER NOT NULL,
    due_after  INTEGER NOT NULL
);
CREATE INDEX ticket_clock_changes_of ON ticket_clock_changes (clock_id, id);

-- Lines of a ticket's story that are no moves. Append-only; told_at is set once.
CREATE TABLE ticket_notices (
    id            INTEGER PRIMARY KEY,
    ticket_id     TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    alarm_id      INTEGER UNIQUE REFERENCES ticket_alarms (id) ON DELETE CASCADE,
    at            INTEGER NOT NULL,
    text          TEXT    NOT NULL, -- for staff
    resident_text TEXT, -- when the resident is to be told
    told_at       INTEGER
);
CREATE INDEX ticket_notices_of ON ticket_notices (ticket_id, id);
CREATE INDEX ticket_notices_untold ON ticket_notices (id) WHERE resident_text IS NOT NULL AND told_at IS NULL;
