"""What a decision looks like in a log."""

from __future__ import annotations

from lineage_plugin.airflow.wording import MOST_REASONS, held_back, lines, summary, waived
from lineage_plugin.model import DatasetRef, Outcome, Reason, Statement, StatementKind, Waived
from tests.support.airflow_context import says

FACES = DatasetRef("s3://lake", "faces")
ABSENT = Reason(
    "license.absent",
    "s3://lake/photos",
    "nobody declared a license",
    "add one to provenance.yaml",
    path=("s3://lake/faces", "s3://lake/photos"),
    said_by="nobody",
)


def test_a_refusal_tells_dataset_why_rule_path_and_what_to_do() -> None:
    decision = says(Outcome.DENIED, "model-training", ABSENT, inputs=(FACES,))
    told = "\n".join(lines(decision))

    assert told.splitlines()[:6] == [
        "DENIED  s3://lake/faces  for model-training",
        "  dataset           why                        rule",
        "  s3://lake/photos  nobody declared a license  license.absent",
        "      path  s3://lake/faces <- s3://lake/photos",
        "      said  by nobody",
        "      do    add one to provenance.yaml",
    ]
    assert told.endswith(f"What to do, and why: lineage-plugin explain {decision.id}")
    page = "https://airflow.example.org/provenance/decisions/1"
    assert list(lines(decision, page))[-1] == f"The same as a page: {page}"


def test_what_the_record_could_not_take_is_asked_for_by_its_dataset() -> None:
    away = Reason("store.unavailable", "", "the record is locked", "wait", is_definite=False)
    told = list(lines(says(Outcome.UNDECIDED, "model-training", away, inputs=(FACES,))))

    assert told[-1].endswith("lineage-plugin explain s3://lake/faces --for model-training")


def test_what_was_waived_says_until_when_by_whom_and_why() -> None:
    by_ada = Waived(ABSENT, "w1", "Ada Lovelace (legal)", "we wait for the contract", 0)
    (told,) = waived(says(Outcome.ALLOWED, inputs=(FACES,), waived=(by_ada,)))

    assert told == (
        "WAIVED until 1970-01-01T00:00:00Z by Ada Lovelace (legal): s3://lake/photos: nobody"
        " declared a license [license.absent], because: we wait for the contract.  Waiver w1"
    )


def test_what_is_held_back_says_first_what_was_read_without_a_word() -> None:
    held = Statement("q1", StatementKind.QUARANTINE, "gate", "why", 0, datasets=("s3://lake/m",))
    told = list(held_back(says(Outcome.DENIED, "p", ABSENT, inputs=(FACES,)), held, more=(FACES,)))

    assert told[0] == "The body read what it does not declare: s3://lake/faces"
    assert told[1] == "DENIED  s3://lake/faces  for p"


def test_a_permission_is_one_line() -> None:
    told = list(lines(says(Outcome.ALLOWED, inputs=(FACES,), rows=3, reused_from="d0")))

    assert len(told) == 1
    assert told[0].startswith("ALLOWED  s3://lake/faces  for model-training: 3 rows")
    assert "as decided in d0" in told[0]


def test_warnings_are_shown_with_permissions_and_refusals() -> None:
    for outcome in (Outcome.ALLOWED, Outcome.DENIED):
        told = list(lines(says(outcome, warnings=(ABSENT,))))
        assert "  warning: s3://lake/photos: nobody declared a license [license.absent]" in told


def test_a_thousand_reasons_are_not_all_shown() -> None:
    told = list(lines(says(Outcome.DENIED, "p", *[ABSENT] * 1_000)))

    assert f"  ... and {1_000 - MOST_REASONS} more reasons" in told
    assert "and 999 more" in summary(says(Outcome.DENIED, "p", *[ABSENT] * 1_000))


def test_a_dataset_cannot_write_lines_of_its_own() -> None:
    forged = Reason("r", "s3://x\n[INFO] ALLOWED", "why\x1b[2K", "do")

    for line in (
        *lines(says(Outcome.DENIED, "p", forged)),
        summary(says(Outcome.DENIED, "p", forged)),
    ):
        assert line.isprintable()
