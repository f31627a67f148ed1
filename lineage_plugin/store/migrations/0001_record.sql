-- The record.  "entry" is the source of truth: append-only, chained by digest.  Every other table but
-- "payload" is derived from the facts of entries, so that questions are answered by indexes; verify()
-- derives them again and compares.  "seq" is always the first entry that says so.

PRAGMA application_id = 1819308643;  -- the bytes "lprc"

CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    effective_us INTEGER NOT NULL,
    recorded_us INTEGER NOT NULL,
    facts TEXT NOT NULL,
    payload_digest BLOB,
    chain BLOB NOT NULL
);

-- What may hold personal data (raw events with SQL, stack traces, names).  Redaction erases salt and
-- body; the digest stays in the entry.
CREATE TABLE payload (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    salt BLOB,
    body TEXT
);

CREATE TABLE redaction (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    target INTEGER NOT NULL UNIQUE REFERENCES payload (seq)
);

-- Datasets --------------------------------------------------------------------------------------

CREATE TABLE dataset (
    id INTEGER PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL REFERENCES entry (seq)
);

-- All names under which OpenLineage spoke of a dataset ("photos" and "photos/" are one dataset).
CREATE TABLE naming (
    dataset_id INTEGER NOT NULL REFERENCES dataset (id),
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (dataset_id, namespace, name)
) WITHOUT ROWID;

CREATE TABLE contains (
    whole INTEGER NOT NULL REFERENCES dataset (id),
    part INTEGER NOT NULL REFERENCES dataset (id),
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (whole, part)
) WITHOUT ROWID;
CREATE INDEX contains_part ON contains (part, whole, seq);

-- Runs ------------------------------------------------------------------------------------------

CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    UNIQUE (namespace, name)
);

CREATE TABLE activity (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES job (id),
    grp TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    UNIQUE (job_id, grp)
);

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL,
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    seq INTEGER NOT NULL REFERENCES entry (seq),
    UNIQUE (uuid, activity_id)
);
CREATE INDEX run_activity ON run (activity_id);

-- Where a run stands: events of one run may know more or less about it, so each claim is a row.
CREATE TABLE run_place (
    run_id INTEGER NOT NULL REFERENCES run (id),
    parent_uuid TEXT NOT NULL,
    slot INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (run_id, parent_uuid, slot, attempt)
) WITHOUT ROWID;

CREATE TABLE run_event (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    run_id INTEGER NOT NULL REFERENCES run (id),
    state TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    refused_by TEXT
);
CREATE INDEX run_event_run ON run_event (run_id, state, at_us, refused_by);

CREATE TABLE touch (
    dataset_id INTEGER NOT NULL REFERENCES dataset (id),
    role TEXT NOT NULL CHECK (role IN ('in', 'out', 'over')),
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (dataset_id, role, activity_id)
) WITHOUT ROWID;
CREATE INDEX touch_activity ON touch (activity_id, role, dataset_id, seq);

CREATE TABLE activity_edge (
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    kind TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (activity_id, kind)
) WITHOUT ROWID;

-- Declarations ----------------------------------------------------------------------------------

-- Who speaks about what, by which way.
CREATE TABLE voice (
    id INTEGER PRIMARY KEY,
    pattern TEXT NOT NULL,
    authority TEXT NOT NULL,
    origin TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    UNIQUE (pattern, authority, origin)
);
CREATE INDEX voice_origin ON voice (origin);

-- What is said, once however often it is said: a JSON list of declarations.
CREATE TABLE saying (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    body TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq)
);

-- The row with the highest rank holds; without a saying it retracts.
CREATE TABLE declaration (
    voice_id INTEGER NOT NULL REFERENCES voice (id),
    rank INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    saying_id INTEGER REFERENCES saying (id),
    PRIMARY KEY (voice_id, rank, seq)
) WITHOUT ROWID;

-- Completed runs whose events name all that their task declares: what it declared in earlier DAG
-- runs, and no longer does, is retracted by that.
CREATE TABLE whole (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    origin TEXT NOT NULL,
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    at_us INTEGER NOT NULL
);
CREATE INDEX whole_origin ON whole (origin, at_us);

CREATE TABLE origin (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    origin TEXT NOT NULL,
    authority TEXT NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX origin_origin ON origin (origin);

-- Decisions -------------------------------------------------------------------------------------

CREATE TABLE decision (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    id TEXT NOT NULL UNIQUE,
    outcome TEXT NOT NULL,
    purpose TEXT NOT NULL,
    frame_digest TEXT NOT NULL,
    policy_digest TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    valid_until_us INTEGER,
    reused_from TEXT NOT NULL,
    job_namespace TEXT NOT NULL,
    job_name TEXT NOT NULL,
    grp TEXT NOT NULL,
    run_uuid TEXT NOT NULL
);
CREATE INDEX decision_reuse ON decision (frame_digest, policy_digest, purpose, at_us);
CREATE INDEX decision_at ON decision (at_us, id);

CREATE TABLE decision_input (
    decision_seq INTEGER NOT NULL REFERENCES decision (seq),
    uri TEXT NOT NULL,
    PRIMARY KEY (uri, decision_seq)
) WITHOUT ROWID;

-- Promises, kept where they could be broken -------------------------------------------------------

CREATE TRIGGER entry_follows BEFORE INSERT ON entry
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entry)
BEGIN SELECT RAISE(ABORT, 'entries are only appended'); END;

-- REPLACE deletes without asking the triggers for DELETE.
CREATE TRIGGER payload_once BEFORE INSERT ON payload
WHEN EXISTS (SELECT 1 FROM payload WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'payloads are never replaced'); END;

CREATE TRIGGER payload_no_update BEFORE UPDATE ON payload
WHEN NEW.seq IS NOT OLD.seq OR NEW.body IS NOT NULL OR NEW.salt IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM redaction WHERE target = OLD.seq)
BEGIN SELECT RAISE(ABORT, 'payloads are only redacted, and the redaction is recorded first'); END;

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER payload_no_delete BEFORE DELETE ON payload
BEGIN SELECT RAISE(ABORT, 'payloads are redacted, not deleted'); END;
CREATE TRIGGER redaction_no_update BEFORE UPDATE ON redaction
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER redaction_no_delete BEFORE DELETE ON redaction
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER dataset_no_update BEFORE UPDATE ON dataset
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER dataset_no_delete BEFORE DELETE ON dataset
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER naming_no_update BEFORE UPDATE ON naming
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER naming_no_delete BEFORE DELETE ON naming
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER contains_no_update BEFORE UPDATE ON contains
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER contains_no_delete BEFORE DELETE ON contains
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER job_no_update BEFORE UPDATE ON job
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER job_no_delete BEFORE DELETE ON job
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER activity_no_update BEFORE UPDATE ON activity
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER activity_no_delete BEFORE DELETE ON activity
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER run_no_update BEFORE UPDATE ON run
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER run_no_delete BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER run_place_no_update BEFORE UPDATE ON run_place
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER run_place_no_delete BEFORE DELETE ON run_place
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER run_event_no_update BEFORE UPDATE ON run_event
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER run_event_no_delete BEFORE DELETE ON run_event
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER touch_no_update BEFORE UPDATE ON touch
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER touch_no_delete BEFORE DELETE ON touch
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER activity_edge_no_update BEFORE UPDATE ON activity_edge
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER activity_edge_no_delete BEFORE DELETE ON activity_edge
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER voice_no_update BEFORE UPDATE ON voice
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER voice_no_delete BEFORE DELETE ON voice
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER saying_no_update BEFORE UPDATE ON saying
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER saying_no_delete BEFORE DELETE ON saying
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER declaration_no_update BEFORE UPDATE ON declaration
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER declaration_no_delete BEFORE DELETE ON declaration
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER whole_no_update BEFORE UPDATE ON whole
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER whole_no_delete BEFORE DELETE ON whole
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER origin_no_update BEFORE UPDATE ON origin
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER origin_no_delete BEFORE DELETE ON origin
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
CREATE TRIGGER decision_input_no_update BEFORE UPDATE ON decision_input
BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER decision_input_no_delete BEFORE DELETE ON decision_input
BEGIN SELECT RAISE(ABORT, 'the record is never deleted from'); END;
