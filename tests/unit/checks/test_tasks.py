# ruff: noqa: E501 - DAG files on one line
"""The tasks that the text of a DAG file makes."""

from __future__ import annotations

import ast
import textwrap
import time

import pytest

from lineage_plugin.checks.constants import HOLE, Scope
from lineage_plugin.checks.tasks import TaskSeen, scope_of, tasks_of

HEAD = """\
from airflow.sdk import DAG, Asset, dag, task, task_group
from airflow.providers.standard.operators.bash import BashOperator
from lineage_plugin import ProvenanceGateOperator, provenance, requires
import lineage_plugin as lp
"""


def seen(text: str, **beside: str) -> list[TaskSeen]:
    def modules(name: str) -> Scope | None:
        body = beside.get(name)
        return None if body is None else scope_of(ast.parse(textwrap.dedent(body)), lambda _: None)

    return tasks_of("a.py", ast.parse(HEAD + textwrap.dedent(text)), modules)


def test_a_taskflow_task_shows_what_its_decorators_say() -> None:
    (train,) = seen("""
        RAW, MODEL = map(Asset, ("s3://lake/photos/", "s3://models/faces"))

        @dag(tags=["vision"])
        def faces():
            @requires("face-recognition", inputs=["s3://lake/extra"])
            @provenance(edge="train", overwrite=True)
            @task(inlets=[RAW], outlets=[MODEL], pool="gpu")
            def fit(): ...

            fit()
        faces()
    """)

    assert train.name == "faces.fit"
    assert train.purposes == ("face-recognition",)
    assert (train.edge, train.trains, train.pool) == ("train", True, "gpu")
    assert train.inlets == ("s3://lake/photos/", "s3://lake/extra")
    assert train.outlets == ("s3://models/faces",)
    assert train.tags == {"vision"}
    assert train.untold == ()


@pytest.mark.parametrize(
    "made",
    [
        'lp.requires("x")(BashOperator(task_id="t", bash_command="b"))',
        'requires("x")(provenance(edge="copy")(BashOperator(task_id="t", bash_command="b")))',
        'requires("x")(BashOperator.partial(task_id="t").expand(bash_command=["a", "b"]))',
        'a = BashOperator(task_id="t", bash_command="b")\n    requires("x")(a)',
        'ProvenanceGateOperator(task_id="t", purpose="x")',
    ],
    ids=["around", "around twice", "mapped", "by its name", "gate"],
)
def test_a_classic_task_shows_its_purpose(made: str) -> None:
    (found,) = seen(f'\nwith DAG("d", default_args={{"queue": "q"}}):\n    {made}\n')

    assert (found.name, found.purposes, found.queue) == ("d.t", ("x",), "q")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('A = "s3://lake"\nN = [Asset(f"{A}/{n}") for n in ("x", "y")]', ["s3://lake/x", "s3://lake/y"]),
        ('N = [Asset("s3://lake/" + "x")]', ["s3://lake/x"]),
        ('N = [Asset(name="nice", uri="s3://lake/x")]', ["s3://lake/x"]),
        ('N = [Asset("nice")]', ["nice"]),
        ('N = [Asset({"a": "s3://lake/x"}["a"])]', ["s3://lake/x"]),
        ("import os\nN = [Asset(os.environ['LAKE'] + '/x')]", [f"{HOLE}/x"]),
        ("def at(n): return Asset(f's3://lake/{n}')\nN = [at('x'), at(n='y')]", ["s3://lake/x", "s3://lake/y"]),
        ("from places import LAKE, at\nN = [LAKE, at('x')]", ["s3://lake", "s3://lake/x"]),
        ("N = [*map(Asset, ('s3://lake/x',)), Asset('s3://lake/y')]", ["s3://lake/x", "s3://lake/y"]),
        ("N = Asset('s3://lake/x')", ["s3://lake/x"]),
    ],
    ids=[
        "comprehension", "sum", "name and uri", "name", "dict", "environment", "function",
        "other file", "star", "alone",
    ],
)  # fmt: skip
def test_names_are_told_as_far_as_the_text_tells_them(text: str, names: list[str]) -> None:
    places = "from airflow.sdk import Asset\nLAKE = Asset('s3://lake')\ndef at(n): return Asset('s3://lake/' + n)"
    (found,) = seen(
        f"\n{text}\nwith DAG('d'):\n    BashOperator(task_id='t', inlets=N)\n", places=places
    )

    assert list(found.inlets) == names


def test_what_only_a_run_tells_is_said_to_be_untold() -> None:
    (found,) = seen("""
        from somewhere import inlets, purpose
        with DAG("d"):
            requires(purpose)(BashOperator(task_id="t", bash_command="b", inlets=inlets()))
    """)

    assert found.untold == ("inlets",)
    assert found.purposes == (HOLE,)


def test_a_loop_over_known_items_makes_a_task_for_each() -> None:
    found = seen("""
        for name in ("eu", "us"):
            with DAG(f"faces_{name}"):
                BashOperator(task_id="fit", bash_command="b", outlets=[Asset(f"s3://{name}/m")])
    """)

    assert [(t.name, t.outlets) for t in found] == [
        ("faces_eu.fit", ("s3://eu/m",)),
        ("faces_us.fit", ("s3://us/m",)),
    ]


def test_assets_given_to_a_call_are_read() -> None:
    (found,) = seen("""
        @dag
        def d():
            @task
            def t(data): ...
            t(Asset("s3://lake/x"))
    """)

    assert found.inlets == ("s3://lake/x",)


@pytest.mark.parametrize(
    ("body", "signs"),
    [
        ("def train_model(): ...", 1),
        ("def prepare():\n    return SVC().fit(x)", 1),
        ("def outfit(): ...", 0),
        ("def trainee_list(): ...", 0),
        ("def copy(): ...", 0),
    ],
    ids=["name", "fits", "outfit", "trainee", "plain"],
)
def test_what_looks_like_training_has_signs(body: str, signs: int) -> None:
    (found,) = seen(f"\n@task\n{body}\n")

    assert len(found.signs) == signs
    assert not found.trains


def test_what_is_declared_in_the_file_itself_is_external() -> None:
    found = seen("""
        A = Asset("s3://lake/a", extra={"origin": "external", "license": "MIT"})
        B = Asset("s3://lake/b", extra={"provenance": {"origin": "external"}})
        with DAG("d"):
            BashOperator(task_id="t", bash_command="b", inlets=[A, B])
            provenance(external=True)(BashOperator(task_id="u", outlets=[Asset("s3://lake/c")]))
    """)

    assert [t.declared_external for t in found] == [
        ("s3://lake/a", "s3://lake/b"),
        ("s3://lake/c",),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "X = [[[[a for a in range(9)] for b in Y] for c in Y] for d in Y]\nY = " + repr(["x"] * 1000),
        "Y = " + repr(tuple(range(1000))) + "\nX = [[[[(a, b, c, d) for a in Y] for b in Y] for c in Y] for d in Y]",
        "def f(x): return f(x)\nX = f(1)",
        "X = '" + "a" * 9000 + "'\n" + "X = X + X\n" * 60,
        "Y = " + repr(tuple(range(1000))) + "\n" + "".join(f"{' ' * n}for x{n} in Y:\n" for n in range(8)) + " " * 8 + "x = 1",
        "X = " + "(" * 90 + "1" + ")" * 90,
    ],
    ids=["loops", "loops over known", "endless", "long", "nested for", "deep"],
)  # fmt: skip
def test_no_file_takes_long(text: str) -> None:
    began = time.monotonic()

    seen(f"\n{text}\n")

    assert time.monotonic() - began < 10
