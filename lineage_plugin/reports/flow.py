"""The direction of a picture: from parents to children, with circles opened.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flow:
    """An acyclic view of a graph by index; ``order`` has each node after its parents."""

    parents: Sequence[Sequence[int]]
    children: Sequence[Sequence[int]]
    order: Sequence[int]

    def columns(self) -> list[int]:
        """Return a column for each node, to the right of its parents' and close to its children's.

        Example:
            >>> acyclic(4, [(0, 1), (1, 2), (3, 2)]).columns()
            [0, 1, 2, 1]
        """
        column = [0] * len(self.parents)
        for node in self.order:
            column[node] = max((column[parent] + 1 for parent in self.parents[node]), default=0)
        for node in reversed(self.order):
            if not self.parents[node] and self.children[node]:
                column[node] = min(column[child] for child in self.children[node]) - 1
        return column


def acyclic(size: int, pairs: Sequence[tuple[int, int]]) -> Flow:
    """Leave out the edges that close a circle; iterative, because ways may be long."""
    below: list[list[int]] = [[] for _ in range(size)]
    for parent, child in pairs:
        below[parent].append(child)
    closing, order = _walked(below)
    above: list[list[int]] = [[] for _ in range(size)]
    for node, children in enumerate(below):
        below[node] = [child for child in children if (node, child) not in closing]
        for child in below[node]:
            above[child].append(node)
    return Flow(above, below, order)


def _walked(below: Sequence[Sequence[int]]) -> tuple[set[tuple[int, int]], list[int]]:
    """Return the edges that lead back to where a depth-first walk came from, and an order."""
    unseen, entered, done = 0, 1, 2
    state = [unseen] * len(below)
    closing: set[tuple[int, int]] = set()
    left: list[int] = []
    for start in range(len(below)):
        if state[start] != unseen:
            continue
        state[start] = entered
        stack: list[tuple[int, Iterator[int]]] = [(start, iter(below[start]))]
        while stack:
            node, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                stack.pop()
                state[node] = done
                left.append(node)
            elif state[child] == unseen:
                state[child] = entered
                stack.append((child, iter(below[child])))
            elif state[child] == entered:
                closing.add((node, child))
    return closing, left[::-1]
