-- A record as release 0.1.0 of schema 1 wrote it, for the test that it can be read for ever.
PRAGMA application_id = 1819308643;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE activity (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES job (id),
    grp TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    UNIQUE (job_id, grp)
);
INSERT INTO "activity" VALUES(1,1,'monday',1);
INSERT INTO "activity" VALUES(2,2,'monday',3);
INSERT INTO "activity" VALUES(3,3,'monday',5);
INSERT INTO "activity" VALUES(4,4,'tuesday',6);
CREATE TABLE activity_edge (
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    kind TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (activity_id, kind)
) WITHOUT ROWID;
INSERT INTO "activity_edge" VALUES(1,'filter',1);
INSERT INTO "activity_edge" VALUES(2,'filter',3);
INSERT INTO "activity_edge" VALUES(3,'filter',5);
INSERT INTO "activity_edge" VALUES(4,'embed',6);
CREATE TABLE contains (
    whole INTEGER NOT NULL REFERENCES dataset (id),
    part INTEGER NOT NULL REFERENCES dataset (id),
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (whole, part)
) WITHOUT ROWID;
CREATE TABLE dataset (
    id INTEGER PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL REFERENCES entry (seq)
);
INSERT INTO "dataset" VALUES(1,'s3://lake/a',1);
INSERT INTO "dataset" VALUES(2,'s3://lake/x',1);
INSERT INTO "dataset" VALUES(3,'s3://lake/b',3);
INSERT INTO "dataset" VALUES(4,'s3://lake/y',3);
INSERT INTO "dataset" VALUES(5,'s3://lake/z',5);
INSERT INTO "dataset" VALUES(6,'s3://lake/w',6);
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
INSERT INTO "decision" VALUES(11,'ffe210ed-dba8-4def-93b7-8d2171d20a32','ALLOWED','model-training','921c0e4b86735a33170127ea3b7eb9dbf26ae7cd472c566b946cc0e15f10d8a3','694e1a1b40c99db15b098d59e4a0ff38f19bf91507e82b53226bdd6b88f1b958',1767225608000000,1767312008000000,'','','','','');
INSERT INTO "decision" VALUES(12,'35da1480-467d-4e95-8056-6b8401994712','DENIED','model-training','264868335bc5f43ad84d095d3a0766ec01381d97015ad7c3c0ac7945426694ac','694e1a1b40c99db15b098d59e4a0ff38f19bf91507e82b53226bdd6b88f1b958',1767225609000000,1767312009000000,'','','','','');
INSERT INTO "decision" VALUES(13,'3e0b0dc6-c730-4249-a07e-355317da78c8','DENIED','model-training','bc9d0b6da61674f7c99ddb6d3e0ce5d62ffc138e111a69df50cca7afafe4c8a8','694e1a1b40c99db15b098d59e4a0ff38f19bf91507e82b53226bdd6b88f1b958',1767225610000000,1767312010000000,'','','','','');
CREATE TABLE decision_input (
    decision_seq INTEGER NOT NULL REFERENCES decision (seq),
    uri TEXT NOT NULL,
    PRIMARY KEY (uri, decision_seq)
) WITHOUT ROWID;
INSERT INTO "decision_input" VALUES(13,'s3://lake/w');
INSERT INTO "decision_input" VALUES(11,'s3://lake/x');
INSERT INTO "decision_input" VALUES(12,'s3://lake/y');
CREATE TABLE declaration (
    voice_id INTEGER NOT NULL REFERENCES voice (id),
    rank INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    saying_id INTEGER REFERENCES saying (id),
    PRIMARY KEY (voice_id, rank, seq)
) WITHOUT ROWID;
INSERT INTO "declaration" VALUES(1,8,8,1);
INSERT INTO "declaration" VALUES(2,9,9,2);
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    effective_us INTEGER NOT NULL,
    recorded_us INTEGER NOT NULL,
    facts TEXT NOT NULL,
    payload_digest BLOB,
    chain BLOB NOT NULL
);
INSERT INTO "entry" VALUES(1,'run',1767225601000000,1767225601000000,'{"at_us":1767225601000000,"edge":"filter","group":"monday","inputs":[{"name":"a","namespace":"s3://lake"}],"job_name":"clean","job_namespace":"airflow","outputs":[{"ref":{"name":"x","namespace":"s3://lake"}}],"parent_run_id":"monday","run_id":"monday/clean","state":"START"}',X'DBC3371FF15CBAA9B2166FB7B68ACC0F0E1394AE649E938D8CB16ABCCCF6DCBD',X'AB2F97EDD43A35BEE8B34F0075C5668F81E675998B0E7D01E5CBFB166D9B4298');
INSERT INTO "entry" VALUES(2,'run',1767225602000000,1767225602000000,'{"at_us":1767225602000000,"edge":"filter","group":"monday","inputs":[{"name":"a","namespace":"s3://lake"}],"job_name":"clean","job_namespace":"airflow","outputs":[{"ref":{"name":"x","namespace":"s3://lake"}}],"parent_run_id":"monday","run_id":"monday/clean","state":"COMPLETE"}',X'C87E4F5C3476ABB57FD41F6AF6CC64273AE35D1C4B28810241A28A35B9A4CD64',X'796064E62D648C9A6F11353F09ABFC67776E496A6F062E155E5B2AD7EF1B4F8C');
INSERT INTO "entry" VALUES(3,'run',1767225603000000,1767225603000000,'{"at_us":1767225603000000,"edge":"filter","group":"monday","inputs":[{"name":"a","namespace":"s3://lake"},{"name":"b","namespace":"s3://lake"}],"job_name":"mix","job_namespace":"airflow","outputs":[{"ref":{"name":"y","namespace":"s3://lake"}}],"parent_run_id":"monday","run_id":"monday/mix","state":"START"}',X'5F994FDBD2994AE2ECEC7D5326C13AF083AE061EEB66342F07EF4DCA84A4B919',X'9E9830DA4635D0D5D0827641E6FE90CE9DA7999B8BD280D3982F413C5A801920');
INSERT INTO "entry" VALUES(4,'run',1767225604000000,1767225604000000,'{"at_us":1767225604000000,"edge":"filter","group":"monday","inputs":[{"name":"a","namespace":"s3://lake"},{"name":"b","namespace":"s3://lake"}],"job_name":"mix","job_namespace":"airflow","outputs":[{"ref":{"name":"y","namespace":"s3://lake"}}],"parent_run_id":"monday","run_id":"monday/mix","state":"COMPLETE"}',X'F6CDCD9996169BD020EE8B771F2CFECE2C6D8AEA69491C6FB92212CA2B6935C6',X'1F03629272FBAB60C3AA9CBDEDFCD7B6C6E1216FF325C0270ED828AB720FCF96');
INSERT INTO "entry" VALUES(5,'run',1767225605000000,1767225605000000,'{"at_us":1767225605000000,"edge":"filter","group":"monday","inputs":[{"name":"a","namespace":"s3://lake"}],"job_name":"open","job_namespace":"airflow","outputs":[{"ref":{"name":"z","namespace":"s3://lake"}}],"parent_run_id":"monday","run_id":"monday/open","state":"START"}',X'B180B91E599B393D990A9F07EF1F0710C1E81E727C2D1FED4C6522959236D285',X'F166A35D7B7DE47B3EDBEB4C436572AFCD8A28A27FAB8462E28E108AC86746F2');
INSERT INTO "entry" VALUES(6,'run',1767225606000000,1767225606000000,'{"at_us":1767225606000000,"edge":"embed","group":"tuesday","inputs":[{"name":"x","namespace":"s3://lake"},{"name":"y","namespace":"s3://lake"}],"job_name":"embed","job_namespace":"airflow","outputs":[{"ref":{"name":"w","namespace":"s3://lake"}}],"parent_run_id":"tuesday","run_id":"tuesday/embed","state":"START"}',X'EAEABE59E1978BA8A52D9A192FCC6A8DF9B89AE2BF7419568B1348F1A43ABB6D',X'6D48F3F92A613C7A5A6882A2ECC26920C5641C2981A460CC27253F3F0289076A');
INSERT INTO "entry" VALUES(7,'run',1767225607000000,1767225607000000,'{"at_us":1767225607000000,"edge":"embed","group":"tuesday","inputs":[{"name":"x","namespace":"s3://lake"},{"name":"y","namespace":"s3://lake"}],"job_name":"embed","job_namespace":"airflow","outputs":[{"ref":{"name":"w","namespace":"s3://lake"}}],"parent_run_id":"tuesday","run_id":"tuesday/embed","state":"COMPLETE"}',X'EB6D21FB7E3FB132D9E64D02AC79954966A670587797C48C066FF4DBAE6F267E',X'902CD60782B228B5AB869118885D2C12639F425BCF6EB2DC78DB09BADC5596C3');
INSERT INTO "entry" VALUES(8,'declaration',1767225608000000,1767225608000000,'{"action":"declare","authority":"team-vision","origin":"catalog:team-vision/provenance.yaml","pattern":"s3://lake/a","said":[{"assurance":2,"authority":"team-vision","consent":{"none":"no people shown"},"custody":{"transfers":[{"event":"published","giver":"Acme GmbH"}]},"external":true,"license":{"declared":"CC-BY-4.0"},"pattern":"s3://lake/a","source":{"issuer":"Acme GmbH","method":"primary-user-source"},"where":"/srv/airflow/provenance.yaml:4"}]}',NULL,X'968A4126C4D53EBA909F2331E176006657350C6E8B06DD260E103C6F917178E5');
INSERT INTO "entry" VALUES(9,'declaration',1767225608000000,1767225608000000,'{"action":"declare","authority":"team-vision","origin":"catalog:team-vision/provenance.yaml","pattern":"s3://lake/b","said":[{"assurance":2,"authority":"team-vision","consent":{"none":"no people shown"},"custody":{"transfers":[{"event":"published","giver":"Acme GmbH"}]},"external":true,"license":{"declared":"CC-BY-NC-4.0"},"pattern":"s3://lake/b","source":{"issuer":"Acme GmbH","method":"primary-user-source"},"where":"/srv/airflow/provenance.yaml:11"}]}',NULL,X'7007E0327C2E7742FB59DBBF5736E7B075D55D685C8474E79523E83A28D7FF28');
INSERT INTO "entry" VALUES(10,'origin',1767225608000000,1767225608000000,'{"authority":"team-vision","digest":"4978c222a93969dee6b7a46d49369226e537dbbc440782179eb58f18a013dcbf","origin":"catalog:team-vision/provenance.yaml"}',NULL,X'9DB5683BE5F1ADD71811C25C1AB960FFEA124287F649C8D036718DCF6B5BE438');
INSERT INTO "entry" VALUES(11,'decision',1767225608000000,1767225608000000,'{"at_us":1767225608000000,"frame_digest":"921c0e4b86735a33170127ea3b7eb9dbf26ae7cd472c566b946cc0e15f10d8a3","id":"ffe210ed-dba8-4def-93b7-8d2171d20a32","inputs":[{"name":"x","namespace":"s3://lake"}],"known_seq":10,"outcome":"ALLOWED","policy_digest":"694e1a1b40c99db15b098d59e4a0ff38f19bf91507e82b53226bdd6b88f1b958","purpose":"model-training","reasons":[],"rows":2,"subject":{},"suites":["quick"],"valid_until_us":1767312008000000}',NULL,X'233488D2CD560C60614283F30CB6B453D79219F01EABF309D67A701AAC56C3A0');
INSERT INTO "entry" VALUES(12,'decision',1767225609000000,1767225609000000,'{"at_us":1767225609000000,"frame_digest":"264868335bc5f43ad84d095d3a0766ec01381d97015ad7c3c0ac7945426694ac","id":"35da1480-467d-4e95-8056-6b8401994712","inputs":[{"name":"y","namespace":"s3://lake"}],"known_seq":11,"outcome":"DENIED","policy_digest":"694e1a1b40c99db15b098d59e4a0ff38f19bf91507e82b53226bdd6b88f1b958","purpose":"model-training","reasons":[{"dataset":"s3://lake/b","id":"license.non-commercial","path":["s3://lake/y","s3://lake/b"],"remedy":"leave s3://lake/b out, or buy a commercial license and write it in provenance.yaml, under ''s3://lake/b'': license: <identifier>; if the task is research without commercial advantage, let it require non-commercial-model-training","said_by":"team-vision","why":"CC-BY-NC-4.0 forbids commercial use, and model-training is commercial"}],"rows":3,"subject":{},"suites":["quick"],"valid_until_us":1767312009000000}',NULL,X'6B960EFAA9C49F24C4D1B0D1A03CB149E9C3C61CC3DEC0A8C9CBAB09600D29EF');
INSERT INTO "entry" VALUES(13,'decision',1767225610000000,1767225610000000,'{"at_us":1767225610000000,"frame_digest":"bc9d0b6da61674f7c99ddb6d3e0ce5d62ffc138e111a69df50cca7afafe4c8a8","id":"3e0b0dc6-c730-4249-a07e-355317da78c8","inputs":[{"name":"w","namespace":"s3://lake"}],"known_seq":12,"outcome":"DENIED","policy_digest":"694e1a1b40c99db15b098d59e4a0ff38f19bf91507e82b53226bdd6b88f1b958","purpose":"model-training","reasons":[{"dataset":"s3://lake/b","id":"license.non-commercial","path":["s3://lake/w","s3://lake/y","s3://lake/b"],"remedy":"leave s3://lake/b out, or buy a commercial license and write it in provenance.yaml, under ''s3://lake/b'': license: <identifier>; if the task is research without commercial advantage, let it require non-commercial-model-training","said_by":"team-vision","why":"CC-BY-NC-4.0 forbids commercial use, and model-training is commercial"}],"rows":5,"subject":{},"suites":["quick"],"valid_until_us":1767312010000000}',NULL,X'9ED67A94BE911827B0A6A9AE0F3E2F472708CE2F613C3354A5CA7A854126E13E');
CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    UNIQUE (namespace, name)
);
INSERT INTO "job" VALUES(1,'airflow','clean',1);
INSERT INTO "job" VALUES(2,'airflow','mix',3);
INSERT INTO "job" VALUES(3,'airflow','open',5);
INSERT INTO "job" VALUES(4,'airflow','embed',6);
CREATE TABLE naming (
    dataset_id INTEGER NOT NULL REFERENCES dataset (id),
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (dataset_id, namespace, name)
) WITHOUT ROWID;
INSERT INTO "naming" VALUES(1,'s3://lake','a',1);
INSERT INTO "naming" VALUES(2,'s3://lake','x',1);
INSERT INTO "naming" VALUES(3,'s3://lake','b',3);
INSERT INTO "naming" VALUES(4,'s3://lake','y',3);
INSERT INTO "naming" VALUES(5,'s3://lake','z',5);
INSERT INTO "naming" VALUES(6,'s3://lake','w',6);
CREATE TABLE origin (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    origin TEXT NOT NULL,
    authority TEXT NOT NULL,
    digest TEXT NOT NULL
);
INSERT INTO "origin" VALUES(10,'catalog:team-vision/provenance.yaml','team-vision','4978c222a93969dee6b7a46d49369226e537dbbc440782179eb58f18a013dcbf');
CREATE TABLE payload (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    salt BLOB,
    body TEXT
);
INSERT INTO "payload" VALUES(1,X'B6E203126FA295E302001918A0B958BE','{}');
INSERT INTO "payload" VALUES(2,X'81B2BC5514A7825DA578F115099AC28C','{}');
INSERT INTO "payload" VALUES(3,X'49DDE329E9B691F950C5D8E737658090','{}');
INSERT INTO "payload" VALUES(4,X'24B9E968FB51BCE158B1FCEA4288458B','{}');
INSERT INTO "payload" VALUES(5,X'1652C15227BD6FE045D7DFE9B9352BB9','{}');
INSERT INTO "payload" VALUES(6,X'CDFBACDE4EDC966AC3CE071475337F70','{}');
INSERT INTO "payload" VALUES(7,X'2849E978B8D833A688B7F1C647987654','{}');
CREATE TABLE redaction (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    target INTEGER NOT NULL UNIQUE REFERENCES payload (seq)
);
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL,
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    seq INTEGER NOT NULL REFERENCES entry (seq),
    UNIQUE (uuid, activity_id)
);
INSERT INTO "run" VALUES(1,'monday/clean',1,1);
INSERT INTO "run" VALUES(2,'monday/mix',2,3);
INSERT INTO "run" VALUES(3,'monday/open',3,5);
INSERT INTO "run" VALUES(4,'tuesday/embed',4,6);
CREATE TABLE run_event (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    run_id INTEGER NOT NULL REFERENCES run (id),
    state TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    refused_by TEXT
);
INSERT INTO "run_event" VALUES(1,1,'START',1767225601000000,NULL);
INSERT INTO "run_event" VALUES(2,1,'COMPLETE',1767225602000000,NULL);
INSERT INTO "run_event" VALUES(3,2,'START',1767225603000000,NULL);
INSERT INTO "run_event" VALUES(4,2,'COMPLETE',1767225604000000,NULL);
INSERT INTO "run_event" VALUES(5,3,'START',1767225605000000,NULL);
INSERT INTO "run_event" VALUES(6,4,'START',1767225606000000,NULL);
INSERT INTO "run_event" VALUES(7,4,'COMPLETE',1767225607000000,NULL);
CREATE TABLE run_place (
    run_id INTEGER NOT NULL REFERENCES run (id),
    parent_uuid TEXT NOT NULL,
    slot INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (run_id, parent_uuid, slot, attempt)
) WITHOUT ROWID;
INSERT INTO "run_place" VALUES(1,'monday',-1,0,1);
INSERT INTO "run_place" VALUES(2,'monday',-1,0,3);
INSERT INTO "run_place" VALUES(3,'monday',-1,0,5);
INSERT INTO "run_place" VALUES(4,'tuesday',-1,0,6);
CREATE TABLE saying (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    body TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq)
);
INSERT INTO "saying" VALUES(1,X'18BD212104EBCBFA54158FA1E7B571062DE71E60F1F1566A89792C6843C2B960','[{"assurance":2,"authority":"team-vision","consent":{"none":"no people shown"},"custody":{"transfers":[{"event":"published","giver":"Acme GmbH"}]},"external":true,"license":{"declared":"CC-BY-4.0"},"pattern":"s3://lake/a","source":{"issuer":"Acme GmbH","method":"primary-user-source"},"where":"/srv/airflow/provenance.yaml:4"}]',8);
INSERT INTO "saying" VALUES(2,X'4ACBEACC391D6097E94C6E84E52EAA1E7EA2E859FFBB10BDA53CBABFB81FB040','[{"assurance":2,"authority":"team-vision","consent":{"none":"no people shown"},"custody":{"transfers":[{"event":"published","giver":"Acme GmbH"}]},"external":true,"license":{"declared":"CC-BY-NC-4.0"},"pattern":"s3://lake/b","source":{"issuer":"Acme GmbH","method":"primary-user-source"},"where":"/srv/airflow/provenance.yaml:11"}]',9);
CREATE TABLE touch (
    dataset_id INTEGER NOT NULL REFERENCES dataset (id),
    role TEXT NOT NULL CHECK (role IN ('in', 'out', 'over')),
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (dataset_id, role, activity_id)
) WITHOUT ROWID;
INSERT INTO "touch" VALUES(1,'in',1,1);
INSERT INTO "touch" VALUES(2,'out',1,1);
INSERT INTO "touch" VALUES(1,'in',2,3);
INSERT INTO "touch" VALUES(3,'in',2,3);
INSERT INTO "touch" VALUES(4,'out',2,3);
INSERT INTO "touch" VALUES(1,'in',3,5);
INSERT INTO "touch" VALUES(5,'out',3,5);
INSERT INTO "touch" VALUES(2,'in',4,6);
INSERT INTO "touch" VALUES(4,'in',4,6);
INSERT INTO "touch" VALUES(6,'out',4,6);
CREATE TABLE voice (
    id INTEGER PRIMARY KEY,
    pattern TEXT NOT NULL,
    authority TEXT NOT NULL,
    origin TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    UNIQUE (pattern, authority, origin)
);
INSERT INTO "voice" VALUES(1,'s3://lake/a','team-vision','catalog:team-vision/provenance.yaml',8);
INSERT INTO "voice" VALUES(2,'s3://lake/b','team-vision','catalog:team-vision/provenance.yaml',9);
CREATE TABLE whole (
    seq INTEGER PRIMARY KEY REFERENCES entry (seq),
    origin TEXT NOT NULL,
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    at_us INTEGER NOT NULL
);
CREATE INDEX contains_part ON contains (part, whole, seq);
CREATE INDEX run_activity ON run (activity_id);
CREATE INDEX run_event_run ON run_event (run_id, state, at_us, refused_by);
CREATE INDEX touch_activity ON touch (activity_id, role, dataset_id, seq);
CREATE INDEX voice_origin ON voice (origin);
CREATE INDEX whole_origin ON whole (origin, at_us);
CREATE INDEX origin_origin ON origin (origin);
CREATE INDEX decision_reuse ON decision (frame_digest, policy_digest, purpose, at_us);
CREATE INDEX decision_at ON decision (at_us, id);
CREATE TRIGGER entry_follows BEFORE INSERT ON entry
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entry)
BEGIN SELECT RAISE(ABORT, 'entries are only appended'); END;
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
COMMIT;
