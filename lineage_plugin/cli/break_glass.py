"""``lineage-plugin break-glass``."""

from __future__ import annotations

import contextlib
import time
import uuid

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import record, tables
from lineage_plugin.errors import LineagePluginError
from lineage_plugin.gate import break_glass
from lineage_plugin.model import SECOND_US, Statement, StatementKind, Subject


@click.command(
    "break-glass",
    epilog=tables.example(
        "lineage-plugin break-glass --dag faces --task train \\",
        "    --run scheduled__2026-11-25T00:00:00+00:00 --by 'Ada Lovelace' \\",
        "    --why 'the disk of the record failed; data judged yesterday'",
    ),
)
@click.option("--dag", "dag_id", required=True, help="The DAG's id.")
@click.option("--task", "task_id", required=True, help="The task's id, with its groups.")
@click.option("--run", "dag_run_id", required=True, help="The id of the DAG run.")
@click.option(
    "--map-index", type=click.IntRange(min=-1), default=-1, help="Which one of a mapped task."
)
@click.option("--by", "actor", metavar="NAME", required=True, help="Who answers for it.")
@click.option("--why", metavar="TEXT", required=True, help="Why.")
@click.option(
    "--hours",
    type=click.IntRange(1, break_glass.MOST_HOURS),
    default=4,
    show_default=True,
    help="How long it may be used.",
)
def command(
    dag_id: str, task_id: str, dag_run_id: str, map_index: int, actor: str, why: str, hours: int
) -> None:
    """Let one task of one run go on, once, while the record cannot be reached.

    Run it as Airflow's user on the machine of the task.  It overrules nothing that a gate can
    judge, and is put on record as soon as the record is back.
    """
    now_us = time.time_ns() // 1000
    statement = Statement(
        id=str(uuid.uuid4()),
        kind=StatementKind.BREAK_GLASS,
        actor=actor.strip(),
        why=why.strip(),
        at_us=now_us,
        until_us=now_us + hours * 3600 * SECOND_US,
        subject=Subject(dag_id=dag_id, task_id=task_id, dag_run_id=dag_run_id, map_index=map_index),
    )
    try:
        file = break_glass.issue(statement, settings_file.load().state_dir)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(statement.id)
    click.echo(
        f"{file} lets {dag_id}.{task_id} of {dag_run_id} go on once, until "
        f"{tables.when(statement.until_us)}; clear the task to run it again",
        err=True,
    )
    with contextlib.suppress(LineagePluginError), record.opened() as store:
        store.head()
        click.echo("the record can be reached now: as long as it can, this opens nothing", err=True)
