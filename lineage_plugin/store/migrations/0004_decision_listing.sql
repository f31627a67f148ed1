-- Ways into decisions for people: what a task was told, and how many there are of each kind.

CREATE INDEX decision_job ON decision (job_name, at_us, id);
CREATE INDEX decision_purpose ON decision (purpose, outcome);
