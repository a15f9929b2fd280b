-- The rooms' log. Opaque ids only, keyed by room, no reference to any tenant's table:
-- on Postgres these tables belong to a role that can touch nothing else (ROOM L7).

-- A room exists from the transaction that creates its diagram. It knows its newest row: `head`, so
-- that a lost tail is noticed, and whose batch that is. `gone` answers for the diagram's deletion.
-- `owners` is the sum of the checksums of the room's bindings, so that a lost one is noticed.
-- (Batch ids have no index of their own: it would be a third page to write for every append.)
CREATE TABLE log_rooms (
    room   TEXT    NOT NULL PRIMARY KEY,
    head   INTEGER NOT NULL CHECK (head >= 0),
    node   INTEGER NOT NULL,
    batch  BLOB    NOT NULL CHECK (length(batch) = 16),
    owners INTEGER NOT NULL DEFAULT 0 CHECK (owners >= 0),
    gone   INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1))
) STRICT, WITHOUT ROWID;

-- The newest batch of each other node that has written to the room: a batch whose outcome is unknown
-- can be looked up though others wrote and compacted since (ROOM K3), because a node has only one in
-- flight per room (ROOM K2).
CREATE TABLE log_nodes (
    room  TEXT    NOT NULL REFERENCES log_rooms (room),
    node  INTEGER NOT NULL,
    batch BLOB    NOT NULL CHECK (length(batch) = 16),
    seq   INTEGER NOT NULL CHECK (seq > 0),
    PRIMARY KEY (room, node)
) STRICT, WITHOUT ROWID;

-- One committed batch: its updates in one blob, its checksum over everything in the row.
CREATE TABLE log_rows (
    room    TEXT    NOT NULL REFERENCES log_rooms (room),
    seq     INTEGER NOT NULL CHECK (seq > 0),
    node    INTEGER NOT NULL,
    batch   BLOB    NOT NULL CHECK (length(batch) = 16),
    payload BLOB    NOT NULL,
    crc     INTEGER NOT NULL,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

-- A room's state up to `seq`, in the row or, above a size, in a blob that is never changed.
CREATE TABLE log_snapshots (
    room  TEXT    NOT NULL PRIMARY KEY REFERENCES log_rooms (room),
    seq   INTEGER NOT NULL CHECK (seq > 0),
    state BLOB,
    blob  TEXT,
    crc   INTEGER NOT NULL,
    CHECK ((state IS NULL) <> (blob IS NULL))
) STRICT;

-- Which user owns a client id in a room (ROOM C3).
CREATE TABLE log_bindings (
    room   TEXT    NOT NULL REFERENCES log_rooms (room),
    client INTEGER NOT NULL,
    user   TEXT    NOT NULL,
    crc    INTEGER NOT NULL,
    PRIMARY KEY (room, client)
) STRICT, WITHOUT ROWID;

-- Written by a look-up after an unknown outcome: once this write is on disk, whatever a failed
-- commit left in the write-ahead log is overwritten and can't come back.
CREATE TABLE log_fence (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    n  INTEGER NOT NULL
) STRICT;

INSERT INTO log_fence (id, n) VALUES (1, 0);
