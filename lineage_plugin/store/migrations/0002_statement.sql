-- What people, and gates by themselves, put on record about datasets, purposes and runs: waivers,
-- quarantines and the like.  Nothing is ever taken out; a statement of kind "end" ends another.

CREATE TABLE statement (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    ends TEXT
);
CREATE INDEX statement_kind ON statement (kind, at_us);
CREATE INDEX statement_ends ON statement (ends) WHERE ends IS NOT NULL;

CREATE TABLE statement_dataset (
    uri TEXT NOT NULL,
    statement_seq INTEGER NOT NULL REFERENCES statement (seq),
    PRIMARY KEY (uri, statement_seq)
) WITHOUT ROWID;

CREATE TRIGGER statement_no_update BEFORE UPDATE ON statement
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER statement_no_delete BEFORE DELETE ON statement
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER statement_dataset_no_update BEFORE UPDATE ON statement_dataset
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER statement_dataset_no_delete BEFORE DELETE ON statement_dataset
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
