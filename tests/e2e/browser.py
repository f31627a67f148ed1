"""A real browser, without a window, for what people see; it reaches this machine and no other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.e2e.needs import needed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

#: Nothing that a browser does for itself may reach the network or outlive the test.
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

#: Where pages may come from.
_HERE = frozenset({"localhost", "127.0.0.1"})


@dataclass
class Tab:
    """A page with what it asked the network for and what it complained about.

    ``requests`` are all that it made, the page itself first; those to other machines are also in
    ``refused``.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def route(self, route: Route) -> None:
        """Let through what stays on this machine."""
        url = route.request.url
        self.requests.append(url)
        if urlsplit(url).scheme in {"file", "data", "blob"} or urlsplit(url).hostname in _HERE:
            route.continue_()
            return
        self.refused.append(url)
        route.abort()

    def hear(self, message: ConsoleMessage) -> None:
        """Note what a page writes to the console as an error or a warning."""
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)


# Not for the session: while its driver runs, nothing else in the process can use asyncio.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own."""
    program = needed("browser")
    from playwright.sync_api import sync_playwright

    flags = (*_FLAGS, "--no-sandbox") if os.geteuid() == 0 else _FLAGS
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, headless=True, args=list(flags))
        yield browser
        browser.close()


@pytest.fixture
def browser_tab(chromium: Browser) -> Iterator[Tab]:
    """A tab without cookies, cache or history."""
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    tab = Tab(context.new_page())
    context.route("**/*", tab.route)
    tab.page.on("console", tab.hear)
    tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.page.set_default_timeout(15_000)
    yield tab
    context.close()


@pytest.fixture
def browser_page(browser_tab: Tab) -> Page:
    """The page of :func:`browser_tab`, where only the page matters."""
    return browser_tab.page
