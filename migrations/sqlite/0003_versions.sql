-- Versions as people see them: what a revision contains, who had a hand in it, and what it is called.

-- SQLite can't change a CHECK: the table is made anew.
CREATE TABLE versioned (
    org        TEXT    NOT NULL,
    diagram    TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    kind       TEXT    NOT NULL
        CHECK (kind IN ('upload', 'save', 'checkpoint', 'milestone', 'restore', 'base')),
    -- A named revision is kept for ever.
    name       TEXT,
    -- The bytes as they came (version 1) or as they were materialised, in the row or in a blob.
    bytes      BLOB,
    blob       TEXT,
    size       INTEGER NOT NULL,
    crc        INTEGER NOT NULL,
    -- SHA-256 of the materialised text.
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    author     TEXT    NOT NULL,
    -- Who edited since the revision before it, as a JSON list.
    authors    TEXT    NOT NULL CHECK (json_valid(authors)),
    message    TEXT,
    -- The version that a restore brought back.
    source     INTEGER,
    summary    TEXT    NOT NULL CHECK (json_valid(summary)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org, diagram, version),
    FOREIGN KEY (org, diagram) REFERENCES diagrams (org, id),
    CHECK ((bytes IS NULL) <> (blob IS NULL)),
    CHECK (kind <> 'milestone' OR name IS NOT NULL)
) STRICT;

INSERT INTO versioned (org, diagram, version, kind, bytes, blob, size, crc, hash, author, authors,
                       message, summary, created_at)
SELECT r.org, r.diagram, r.version, r.kind, r.bytes, r.blob, r.size, r.crc, r.hash, r.author,
       json_array(r.author), r.message,
       -- Older revisions never said what they contain.
       iif(r.version = d.version, d.summary, '{}'), r.created_at
FROM revisions r JOIN diagrams d ON d.org = r.org AND d.id = r.diagram;

DROP TABLE revisions;
ALTER TABLE versioned RENAME TO revisions;

-- Who has edited a room since its diagram's newest version: its next authors. Like the log, it knows
-- opaque ids alone.
CREATE TABLE log_editors (
    room TEXT NOT NULL REFERENCES log_rooms (room),
    user TEXT NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

-- The server's own jobs know a diagram by its room alone.
CREATE UNIQUE INDEX diagrams_id ON diagrams (id);
