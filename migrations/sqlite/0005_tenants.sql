-- Tenants: their plan and what they use, their projects, and titles that can be searched.

-- Made when an organisation's first diagram is. `diagrams` counts those that are not deleted; `change`
-- counts every change of any of them: whoever lists them asks it whether something changed.
CREATE TABLE orgs (
    id       TEXT    NOT NULL PRIMARY KEY,
    -- Without one, the plan of the settings.
    plan     TEXT    CHECK (plan IN ('free', 'pro', 'enterprise', 'unlimited')),
    diagrams INTEGER NOT NULL DEFAULT 0 CHECK (diagrams >= 0),
    change   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO orgs (id, diagrams, change)
SELECT org, count(*) FILTER (WHERE deleted_at IS NULL), sum(change) FROM diagrams GROUP BY org;

CREATE TABLE projects (
    org        TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    change     INTEGER NOT NULL,
    PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

ALTER TABLE diagrams ADD COLUMN project TEXT;
CREATE INDEX diagrams_of_project ON diagrams (org, project) WHERE project IS NOT NULL;

-- What a list can be sorted by besides the last update.
CREATE INDEX diagrams_by_age ON diagrams (org, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX diagrams_by_title ON diagrams (org, title_key, id) WHERE deleted_at IS NULL;

-- Titles by their trigrams: any part of three characters and more is found without reading all. A number
-- of its own ties a diagram to its title, for SQLite may change row numbers that no column holds.
ALTER TABLE diagrams ADD COLUMN number INTEGER;
UPDATE diagrams SET number = rowid;
CREATE UNIQUE INDEX diagrams_number ON diagrams (number);
CREATE VIRTUAL TABLE titles USING fts5 (
    title_key, content = '', contentless_delete = 1, tokenize = 'trigram'
);
INSERT INTO titles (rowid, title_key) SELECT number, title_key FROM diagrams;
CREATE TRIGGER titles_come AFTER INSERT ON diagrams BEGIN
    INSERT INTO titles (rowid, title_key) VALUES (new.number, new.title_key);
END;
CREATE TRIGGER titles_change AFTER UPDATE OF title_key ON diagrams BEGIN
    DELETE FROM titles WHERE rowid = old.number;
    INSERT INTO titles (rowid, title_key) VALUES (new.number, new.title_key);
END;
CREATE TRIGGER titles_go AFTER DELETE ON diagrams BEGIN
    DELETE FROM titles WHERE rowid = old.number;
END;
