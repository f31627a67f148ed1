"""The errors as their own documentation lists them, and as Airflow's processes exchange them."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from lineage_plugin import errors
from lineage_plugin._lazy import require
from lineage_plugin.model import DatasetRef, Decision, Outcome, Problem, Reason, Subject

CLASSES = {
    name: found
    for name, found in vars(errors).items()
    if inspect.isclass(found) and issubclass(found, errors.LineagePluginError)
}

_PROBLEM = Problem("unknown license 'MTI'", "provenance.yaml:3", "did you mean 'MIT'?")
_DECISION = Decision(
    id="d1",
    outcome=Outcome.DENIED,
    purpose="model-training",
    inputs=(DatasetRef("s3://lake", "faces"),),
    subject=Subject(),
    reasons=(Reason("license.absent", "s3://lake/photos", "nobody said", "say it"),),
    at_us=0,
    valid_until_us=None,
    frame_digest="f",
    policy_digest="p",
    known_seq=1,
)


def _example(cls: type[errors.LineagePluginError]) -> errors.LineagePluginError:
    if issubclass(cls, errors.DeclarationError):
        return cls((_PROBLEM,))
    if issubclass(cls, errors.GateDenied):
        return cls(_DECISION)
    if issubclass(cls, errors.StoreError | errors.ClockError):
        return cls("the record is locked", "try again")
    if issubclass(cls, errors.MissingLibrary):
        return cls("sklearn")
    return cls("something")


def _tree_in_docstring() -> dict[str, str]:
    """Map each class of the drawn tree to the class above it."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        drawn = re.match(r"    ((?:│   |    )*(?:[├└]── )?)(\w+)", line)
        if drawn:
            depth = len(drawn[1]) // 4
            path[depth:] = [drawn[2]]
            parents[drawn[2]] = path[depth - 1] if depth else "Exception"
    return parents


def test_the_drawn_tree_is_the_tree_of_the_classes() -> None:
    assert _tree_in_docstring() == {
        name: cls.__bases__[0].__name__ for name, cls in CLASSES.items()
    }


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES.keys())
def test_an_error_survives_the_way_between_processes(cls: type[errors.LineagePluginError]) -> None:
    before = _example(cls)
    after = pickle.loads(pickle.dumps(before))  # noqa: S301 - made one line above

    assert type(after) is cls
    assert str(after) == str(before)
    assert vars(after) == vars(before)


def test_only_what_may_pass_by_itself_is_retryable() -> None:
    assert {name for name, cls in CLASSES.items() if cls.retryable} == {"StoreUnavailable"}


def test_a_wrong_file_is_told_problem_by_problem_with_place_and_hint() -> None:
    error = errors.CatalogError((_PROBLEM, Problem("no authority")))

    assert str(error) == (
        "unknown license 'MTI'  (did you mean 'MIT'?)\n    at provenance.yaml:3\nno authority"
    )


def test_a_refusal_says_what_why_and_by_which_rule() -> None:
    assert str(errors.GateDenied(_DECISION)) == (
        "DENIED  s3://lake/faces  for model-training: nobody said [license.absent]"
    )


def test_a_store_error_ends_with_the_remedy() -> None:
    assert str(errors.StoreTooNew("too new", "upgrade")) == "too new; upgrade"


def test_a_missing_library_is_named_with_what_to_install() -> None:
    with pytest.raises(errors.MissingLibrary, match="pip install no-such-library"):
        require("no_such_library.part")


def test_a_library_that_is_there_is_returned() -> None:
    assert require("json").dumps([]) == "[]"


def test_what_is_missing_inside_a_library_is_not_blamed_on_the_library() -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        require("json.no_such_part")

    assert not isinstance(caught.value, errors.MissingLibrary)
