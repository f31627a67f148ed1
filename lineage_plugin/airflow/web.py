"""The plugin's site: who is logged in to Airflow reads the record in a browser.

Read-only: no route changes anything, so there is nothing that another site could make a browser do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from lineage_plugin.airflow import web_access
from lineage_plugin.airflow.web_pages import NotHere, Pages, Visit, pages_here
from lineage_plugin.errors import LineagePluginError, StoreError
from lineage_plugin.model import Subject
from lineage_plugin.reports.listing import Listing, laid_out
from lineage_plugin.reports.markup import Document
from lineage_plugin.reports.page import Site

log = logging.getLogger(__name__)

#: Sent with every answer; the policy of a page comes beside them.
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

#: What answers whatever has no page, so that a stranger hears of no address more than of another.
_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

Looking = Annotated[Visit, Depends(web_access.visit)]
LookingAtDag = Annotated[Visit, Depends(web_access.visit_dag)]

router = APIRouter()


def build() -> FastAPI:
    """Return the site for Airflow to mount, without FastAPI's own pages, which are open."""
    app = FastAPI(
        title="Provenance",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(web_access.visit)],
    )
    app.include_router(router)
    app.add_exception_handler(HTTPException, _refused)
    return app


@router.get("/")
def overview(visit: Looking) -> Response:
    """Show what needs attention."""
    return _page(visit, lambda pages: pages.overview(visit))


@router.get("/datasets")
def datasets(visit: Looking, purpose: str = "", q: str = "", after: str = "") -> Response:
    """List datasets."""
    return _page(visit, lambda pages: pages.datasets(visit, purpose, q, after))


@router.get("/dataset")
def dataset(visit: Looking, uri: str = "", purpose: str = "") -> Response:
    """Draw where a dataset comes from."""
    return _page(visit, lambda pages: pages.dataset(visit, uri, purpose))


@router.get("/decisions")
def decisions(
    visit: Looking,
    outcome: str = "",
    purpose: str = "",
    dag_id: str = "",
    task_id: str = "",
    run_id: str = "",
    before: str = "",
) -> Response:
    """List decisions."""
    asked = {
        "outcome": outcome,
        "purpose": purpose,
        "dag_id": dag_id,
        "task_id": task_id,
        "run_id": run_id,
    }
    return _page(visit, lambda pages: pages.decisions(visit, asked, before))


@router.get("/decisions/{decision_id}")
def decision(visit: Looking, decision_id: str) -> Response:
    """Explain a decision."""
    return _page(visit, lambda pages: pages.decision(visit, decision_id))


@router.get("/task")
def task(
    visit: LookingAtDag, dag_id: str = "", task_id: str = "", run_id: str = "", map_index: str = ""
) -> Response:
    """Explain what blocked a task instance."""
    # Airflow leaves its placeholder where a task is not mapped.
    index = int(map_index) if map_index.isdecimal() else -1
    asker = Subject(dag_id=dag_id, task_id=task_id, dag_run_id=run_id, map_index=index)
    return _page(visit, lambda pages: pages.task(visit, asker))


@router.get("/force")
def force(visit: Looking) -> Response:
    """List what is in force."""
    return _page(visit, lambda pages: pages.force(visit))


@router.get("/coverage")
def coverage(visit: Looking, page: str = "") -> Response:
    """Show coverage by DAG."""
    number = int(page) if page.isdecimal() and len(page) < 7 else 0  # noqa: PLR2004
    return _page(visit, lambda pages: pages.coverage(visit, number))


@router.api_route("/{path:path}", methods=_EVERY_METHOD)
def nothing(visit: Looking) -> Response:
    """Say that there is no such page, to whoever is logged in."""
    return _message(visit.base, "There is no such page", "", 404)


def _page(visit: Visit, make: Callable[[Pages], Document]) -> Response:
    """Make a page; what goes wrong is a page too, which says what to do."""
    try:
        return _answer(make(pages_here()))
    except NotHere as error:
        return _message(visit.base, "Not in the record", str(error), 404)
    except StoreError as error:
        return _message(
            visit.base, "The record cannot be read", f"{error.what}.", 503, error.remedy
        )
    except LineagePluginError as error:
        return _message(visit.base, "This cannot be shown", "", 503, str(error))
    except Exception:
        log.exception("a page of lineage_plugin could not be made")
        text = "That is a bug; the log of Airflow's API server has the traceback. Please report it."
        return _message(visit.base, "This page could not be made", text, 500)


async def _refused(request: Request, error: Any) -> Response:
    """Answer who may not see a page, without anything of it."""
    status = int(error.status_code)
    if status == 401:  # noqa: PLR2004
        link = (web_access.login_url(request), "Log in")
        listing = Listing(
            "Log in to Airflow", "What the record holds is not for everybody.", link=link
        )
    else:
        listing = Listing("Not for you", "Ask whoever runs this Airflow for access to assets.")
        if status not in (401, 403):
            listing = Listing("This does not work", str(error.detail))
    return _answer(laid_out(listing, Site(())), status)


def _message(base: str, title: str, text: str, status: int, code: str = "") -> Response:
    pages = tuple((name, f"{base}/{page}") for name, page in _MAIN)
    return _answer(laid_out(Listing(title, text, code=code), Site(pages)), status)


#: Where the way goes on from a message.
_MAIN = (("Overview", ""), ("Datasets", "datasets"), ("Decisions", "decisions"))


def _answer(document: Document, status: int = 200) -> Response:
    headers = {**_HEADERS, "Content-Security-Policy": document.policy}
    # A name may hold half of a surrogate pair, which no encoding has.
    return HTMLResponse(document.text.encode("utf-8", "replace"), status, headers)
