-- What others are told: events, written in the transaction that does what they tell, and their way to those
-- who asked for them. Ordinary tables with row numbers: the server is woken by changes of `deliveries`.

CREATE TABLE events (
    -- Never given twice: places in lists outlive the events.
    seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id      TEXT    NOT NULL UNIQUE,
    org     TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    -- What happened to which diagram, project, member or webhook: its events are told in order.
    subject TEXT    NOT NULL,
    project TEXT,
    user    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    data    TEXT    NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE INDEX events_of_org ON events (org, seq);
CREATE INDEX events_oldest ON events (at);

CREATE TABLE webhooks (
    org           TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    -- The kinds of events it wants, as a JSON list; an empty one: all.
    kinds         TEXT    NOT NULL CHECK (json_valid(kinds)),
    diagram       TEXT,
    project       TEXT,
    -- Sealed under the server's secret. The old one signs too until its time is over.
    secret        BLOB    NOT NULL,
    old_secret    BLOB,
    old_until     INTEGER,
    -- Why nothing is delivered to it.
    off           TEXT    CHECK (off IN ('switched-off', 'failing', 'gone')),
    -- Since when nothing has arrived.
    failing_since INTEGER,
    created_by    TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    change        INTEGER NOT NULL,
    PRIMARY KEY (org, id),
    CHECK ((old_secret IS NULL) = (old_until IS NULL))
) STRICT;

CREATE TABLE deliveries (
    org      TEXT    NOT NULL,
    webhook  TEXT    NOT NULL,
    event    INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    subject  TEXT    NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    -- When it was asked for: it is given up a while behind that.
    since    INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- The next attempt. While one is on its way: when that counts as lost.
    due_at   INTEGER NOT NULL,
    tried_at INTEGER,
    -- The last answer, and what was wrong.
    status   INTEGER,
    error    TEXT,
    PRIMARY KEY (org, webhook, event),
    FOREIGN KEY (org, webhook) REFERENCES webhooks (org, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'pending';
CREATE INDEX deliveries_in_line ON deliveries (org, webhook, subject, event) WHERE state = 'pending';
CREATE INDEX deliveries_of_event ON deliveries (event);
