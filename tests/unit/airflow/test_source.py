"""Source that travels without our decorators."""

from __future__ import annotations

import textwrap

from lineage_plugin.airflow.source import ship_without_decorators, without_decorators


def test_only_our_decorators_are_cut_off() -> None:
    source = textwrap.dedent(
        '''
        @other
        @lineage_plugin.requires(
            "model-training",
            suites=["s"],
        )
        @provenance(edge="copy")
        @task.provenance_gate("p")
        async def body(x):
            """@requires("in a text")"""
            return x
        '''
    )

    assert without_decorators(source) == textwrap.dedent(
        '''
        @other
        async def body(x):
            """@requires("in a text")"""
            return x
        '''
    )


def test_decorators_of_functions_inside_stay() -> None:
    inner = 'def body():\n    @requires("admin")\n    def inner(): ...\n'

    assert without_decorators('@requires("p")\n' + inner) == inner


def test_source_that_does_not_parse_stays_as_it_is() -> None:
    assert without_decorators("lambda x: (") == "lambda x: ("


def test_a_task_without_source_is_left_alone() -> None:
    task = object()

    ship_without_decorators(task)

    assert not hasattr(task, "get_python_source")
