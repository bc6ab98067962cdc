"""A real Chromium, and a page in it that notices what its policy forbids and what leads away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.system import System

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@dataclass
class Tab:
    """A page, and what went wrong in it: errors of its scripts, and requests to other hosts."""

    page: Any
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    @property
    def violations(self) -> list[str]:
        """What the policy forbade."""
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def check(self) -> None:
        """See that nothing did."""
        assert (self.errors, self.elsewhere, self.violations) == ([], [], [])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The machine's own, by Playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.exit("Playwright is not installed: `make test-browser` does that", 2)
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.exit(
            f"make test-browser needs a Chromium on PATH, as one of {', '.join(NAMES)}; "
            "on Debian: apt-get install chromium", 2,
        )  # fmt: skip
    # As root it has no sandbox of its own.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def running(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A worker, and two gateways: one that is open, and one that asks for a key."""
    folder = tmp_path_factory.mktemp("running")
    system = System(new_database_url("sqlite"), new_redis_url(), folder)
    try:
        system.start()
        system.start_gateway(API_KEY="the-key")
        system.wait_ready()
        yield system
    finally:
        system.stop()


@pytest.fixture
def open_tab(chromium: Any) -> Iterator[Callable[..., Tab]]:
    """Opens `/docs` of a gateway in a window of this size and colour scheme."""
    contexts = []

    def open_page(address: tuple[str, int], width: int = 1280, scheme: str = "light") -> Tab:
        viewport = {"width": width, "height": 800}
        context = chromium.new_context(viewport=viewport, color_scheme=scheme)
        contexts.append(context)
        tab = Tab(context.new_page())
        tab.page.add_init_script(_LISTEN)
        tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
        home = f"{address[0]}:{address[1]}"
        tab.page.on(
            "request",
            lambda request: (
                None if urlsplit(request.url).netloc == home else tab.elsewhere.append(request.url)
            ),
        )
        tab.page.goto(f"http://{home}/docs")
        return tab

    yield open_page
    for context in contexts:
        context.close()
