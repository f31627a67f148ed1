"""Tags in Marquez: what a gate blocks is marked, until a gate lets the same purpose pass.

Assertions hang on a version and are gone with the next one; a tag hangs on the dataset and stays
until it is taken off.  Marquez is the window and never the truth: whatever goes wrong here is
counted, and a task waits for it no longer than the budget.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from lineage_plugin.model import DatasetRef, Decision, Outcome
from lineage_plugin.transport import bounded
from lineage_plugin.transport.attach import blocked_among

if TYPE_CHECKING:
    import requests

_log = logging.getLogger(__name__)

#: Counter beside the spool: events whose datasets could not all be marked.
MARK_FAILED = "mark-failed"

#: All tags of one event may take this long (seconds): its task waits for them.
BUDGET_S = 1.0

#: Datasets of one event that are marked; who blocks a run through more looks at the record.
MOST_MARKED = 50


def tag(purpose: str) -> str:
    """Return the tag of what is blocked for a purpose.

    Example:
        >>> tag("face-recognition")
        'BLOCKED-face-recognition'
    """
    return f"BLOCKED-{purpose}"


def mark(
    url: str,
    decision: Decision,
    inputs: Collection[DatasetRef],
    *,
    count: Callable[[str], None],
    budget_s: float = BUDGET_S,
) -> None:
    """Put the tag of a decision on the inputs that it blocks, and take it off the others.

    Never raises.

    Args:
        url: Where Marquez is, such as ``http://localhost:5000``.
        decision: What a gate said.
        inputs: The inputs of its run, as the event names them.
        count: Counts a failure.
        budget_s: How long it may take, in seconds.
    """
    ends_s = time.monotonic() + budget_s
    try:
        left = bounded.within(budget_s, lambda: _mark(url, decision, inputs, ends_s))
    except Exception as error:  # noqa: BLE001 - a window that is broken breaks nothing else
        left = [f"{type(error).__name__}: {error}"]
    if left:
        _log.warning(
            "%d datasets could not be marked in Marquez, the first because of: %s",
            len(left),
            left[0],
        )
        count(MARK_FAILED)


def _mark(url: str, decision: Decision, inputs: Collection[DatasetRef], ends_s: float) -> list[str]:
    """Return what could not be marked, and why."""
    import requests

    name = tag(decision.purpose)
    blocked = set(blocked_among(decision, [ref.uri for ref in inputs]))
    judged = {ref.uri for ref in decision.inputs}
    with requests.Session() as session:
        ask = _Asker(session, f"{url.rstrip('/')}/api/v1", ends_s)
        if blocked:
            text = f"A gate refused a run for {decision.purpose}; see what is asserted about it."
            ask.put(f"/tags/{_segment(name)}", {"description": text})
        found = [ref for ref in inputs if ref.uri in blocked or ref.uri in judged]
        for ref in found[:MOST_MARKED]:
            place = (
                f"/namespaces/{_segment(ref.namespace)}/datasets/{_segment(ref.name)}"
                f"/tags/{_segment(name)}"
            )
            if ref.uri in blocked:
                ask.post(place)
            elif decision.outcome is Outcome.ALLOWED:
                ask.delete(place)
    unmarked = [f"{ref.uri}: more than {MOST_MARKED} inputs" for ref in found[MOST_MARKED:]]
    return [*ask.failed, *unmarked]


class _Asker:
    """Asks one server after another thing, and goes on when it refuses one."""

    def __init__(self, session: requests.Session, root: str, ends_s: float) -> None:
        self._session = session
        self._root = root
        self._ends_s = ends_s
        self.failed: list[str] = []

    def put(self, place: str, body: dict[str, str]) -> None:
        self._ask("PUT", place, (), body)

    def post(self, place: str) -> None:
        self._ask("POST", place)

    def delete(self, place: str) -> None:
        # A dataset that Marquez does not know has no tag either.
        self._ask("DELETE", place, accepted=(404,))

    def _ask(
        self,
        method: str,
        place: str,
        accepted: Iterable[int] = (),
        body: dict[str, str] | None = None,
    ) -> None:
        left_s = self._ends_s - time.monotonic()
        if left_s <= 0:
            self.failed.append(f"{place}: no time left")
            return
        try:
            answer = self._session.request(
                method, self._root + place, json=body, timeout=left_s, allow_redirects=False
            )
        except Exception as error:  # noqa: BLE001 - of this library, and of those below it
            self.failed.append(f"{place}: {type(error).__name__}")
            return
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES and answer.status_code not in accepted:
            self.failed.append(f"{place}: HTTP {answer.status_code}")


def _segment(name: str) -> str:
    return quote(name, safe="")
