-- The small picture of each diagram's newest version. Which one is wanted is written by the transaction
-- that stores the version, whoever does; a job draws it behind that (`made`).

CREATE TABLE thumbnails (
    org     TEXT    NOT NULL,
    diagram TEXT    NOT NULL,
    wanted  INTEGER NOT NULL,
    made    INTEGER NOT NULL DEFAULT 0,
    -- None where a version could not be drawn.
    svg     BLOB,
    png     BLOB,
    PRIMARY KEY (org, diagram),
    FOREIGN KEY (org, diagram) REFERENCES diagrams (org, id) ON DELETE CASCADE,
    CHECK ((svg IS NULL) = (png IS NULL))
) STRICT;

CREATE INDEX thumbnails_due ON thumbnails (wanted) WHERE made < wanted;

-- Hidden versions come and go while people work; they are not waited for.
CREATE TRIGGER thumbnails_want AFTER INSERT ON revisions WHEN NEW.kind <> 'base' BEGIN
    INSERT INTO thumbnails (org, diagram, wanted) VALUES (NEW.org, NEW.diagram, NEW.version)
    ON CONFLICT (org, diagram) DO UPDATE SET wanted = excluded.wanted;
END;

INSERT INTO thumbnails (org, diagram, wanted)
SELECT org, diagram, max(version) FROM revisions WHERE kind <> 'base' GROUP BY org, diagram;
