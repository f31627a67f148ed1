"""Putting something around functions of libraries, when those are imported and not before."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from lineage_plugin.capture.audit import is_on, tell
from lineage_plugin.capture.session import Session

#: What is told about a call: the session, then what the call was given, or gave.
Note = Callable[..., None]

#: Puts what is needed around the functions of a module that was just imported.
Patch = Callable[[Any], None]

_MARK = "__lineage_plugin_around__"


def before(owner: Any, name: str, note: Note) -> None:
    """Have calls of ``owner.name`` noted before they are made, with their arguments."""

    def around(function: Any) -> Any:
        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            if is_on():
                tell(lambda session: note(session, *args, **kwargs))
            return function(*args, **kwargs)

        return noted

    replace(owner, name, around)


def after(owner: Any, name: str, note: Callable[[Session, Any], None]) -> None:
    """Have calls of ``owner.name`` noted after they were made, with what they returned.

    Of a constructor that is the object.
    """

    def around(function: Any) -> Any:
        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            found = function(*args, **kwargs)
            if is_on():
                told = args[0] if name == "__init__" else found
                tell(lambda session: note(session, told))
            return found

        return noted

    replace(owner, name, around)


def replace(owner: Any, name: str, around: Callable[[Any], Any]) -> None:
    """Put *around* in place of ``owner.name``, once; what is not there or fixed stays."""
    present = vars(owner).get(name) if isinstance(owner, type) else getattr(owner, name, None)
    if present is None or hasattr(present, _MARK):
        return
    changed = around(present)
    with contextlib.suppress(AttributeError, TypeError):
        setattr(changed, _MARK, True)
        setattr(owner, name, changed)


def derive(module: Any, name: str, *, with_self: bool = False, **notes: Note) -> None:
    """Put a class made from ``module.name`` in its place, where no method of it can be replaced.

    Args:
        module: Where the class lives.
        name: The class; what is none stays.
        with_self: Whether *notes* are told the object too.
        notes: Methods whose calls are noted before they are made.
    """
    found = getattr(module, name, None)
    if not isinstance(found, type) or _MARK in vars(found):
        return
    original: type = found

    class Kind(type(original)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, original)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, original)

    methods = {method: _method(original, method, note, with_self) for method, note in notes.items()}
    plain = {"__module__": original.__module__, "__doc__": original.__doc__, _MARK: True}
    setattr(module, name, Kind(name, (original,), {**plain, **methods}))


def _method(original: Any, name: str, note: Note, with_self: bool) -> Any:  # noqa: FBT001
    present = getattr(original, name)
    if present is object.__init__:  # all is done where the object is allocated
        present = _nothing

    @functools.wraps(present)
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_on():
            told = (self, *args) if with_self else args
            tell(lambda session: note(session, *told, **kwargs))
        return present(self, *args, **kwargs)

    return noted


def _nothing(self: Any, *args: Any, **kwargs: Any) -> None:
    del self, args, kwargs


class Watch(MetaPathFinder):
    """Patches modules: those that are loaded now, and the others as they are imported."""

    def __init__(self, patches: Mapping[str, Patch]) -> None:
        self._patches = patches
        self._busy: set[str] = set()

    def begin(self) -> None:
        """Patch what is loaded, and look out for the rest."""
        for name in self._patches:
            if (module := sys.modules.get(name)) is not None:
                self._apply(name, module)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def end(self) -> None:
        """Look out no more; what is patched stays, and tells nobody."""
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - as finders are called
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Find a module that is to be patched the way it would be found without us."""
        if fullname not in self._patches or fullname in self._busy:
            return None
        self._busy.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._busy.discard(fullname)
        if spec is not None and spec.loader is not None:
            with contextlib.suppress(AttributeError):
                self._hook(fullname, spec.loader)
        return spec

    def _hook(self, name: str, loader: Any) -> None:
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            self._apply(name, module)

        loader.exec_module = exec_module

    def _apply(self, name: str, module: ModuleType) -> None:
        # A release may have moved anything; its user has to go on.
        with contextlib.suppress(Exception):
            self._patches[name](module)
