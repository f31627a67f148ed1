-- What events say about lineage beyond who read and wrote what.

-- Two names of one dataset, in the words of one producer; each pair both ways round.
CREATE TABLE alias (
    dataset_id INTEGER NOT NULL REFERENCES dataset (id),
    other_id INTEGER NOT NULL REFERENCES dataset (id),
    said_by TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (dataset_id, other_id, said_by)
) WITHOUT ROWID;

-- Activities of which some event says what an output was made from; what it says, and which events
-- of the activity do not, stands in the facts of the entries.
CREATE TABLE explicit (
    activity_id INTEGER PRIMARY KEY REFERENCES activity (id),
    seq INTEGER NOT NULL REFERENCES entry (seq)
);

CREATE TRIGGER alias_no_update BEFORE UPDATE ON alias
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER alias_no_delete BEFORE DELETE ON alias
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER explicit_no_update BEFORE UPDATE ON explicit
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER explicit_no_delete BEFORE DELETE ON explicit
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
