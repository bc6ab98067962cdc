"""GET /docs in a real browser: what it shows, what it sends, and that nothing leads away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Tab
from tests.system import System

Opening = Callable[..., Tab]

PREDICT = "#predict form"
ANSWER = "#predict .answer"


def shown(tab: Tab, where: str) -> str:
    """The text of the first element there, once there is one."""
    tab.page.wait_for_selector(where)
    text: str = tab.page.inner_text(where)
    return text


def test_the_example_is_sent(running: System, open_tab: Opening) -> None:
    """By the button, and by the keyboard; the second time it is known."""
    tab = open_tab(running.client.address)
    assert "titanic" in shown(tab, "#summary")
    tab.page.click(f"{PREDICT} button")
    assert "200" in shown(tab, f"{ANSWER} .good")
    answer = json.loads(shown(tab, f"{ANSWER} pre"))
    (row,) = running.client.rows()
    assert (row["observation_id"], row["proba"]) == ("example", answer["proba"])
    tab.page.focus(f"{PREDICT} textarea")
    tab.page.keyboard.press("Control+Enter")
    tab.page.wait_for_selector(f"{ANSWER} pre:has-text('already exists')")
    tab.page.click("#update form button")
    assert '"true_class": 1' in shown(tab, "#update .answer pre")
    tab.check()


def test_fields_are_shown(running: System, open_tab: Opening) -> None:
    """Each column of the model, with its dtype and its range."""
    tab = open_tab(running.client.address)
    tab.page.click("#predict summary:has-text('What it takes')")
    table = shown(tab, "#predict table")
    for column in running.client.get("/model").json["columns"]:
        assert column["name"] in table
        assert column["dtype"] in table
    assert "from 0.42 to 80.0 in training" in table
    assert "Pclass required" in table
    tab.page.click("#predict summary:has-text('What it answers')")
    assert "415" in shown(tab, "#predict dl")
    tab.check()


def test_errors_are_readable(running: System, open_tab: Opening) -> None:
    """What the service says of it, in a line of its own."""
    tab = open_tab(running.client.address)
    for body, told in (
        ("{]", "broken JSON"),
        ('{"id": 1, "observation": {"Pclass": "x"}}', "Pclass is 'x': must be a whole number"),
    ):
        tab.page.fill(f"{PREDICT} textarea", body)
        tab.page.click(f"{PREDICT} button")
        tab.page.wait_for_selector(f'{ANSWER} .fault:has-text("{told}")')
    assert "422" in shown(tab, f"{ANSWER} .bad")
    tab.check()


def test_a_job_is_followed(running: System, open_tab: Opening) -> None:
    """Who is promised a job finds it where jobs are asked for."""
    tab = open_tab(running.client.address)
    tab.page.fill("#predict-Prefer", "respond-async")
    tab.page.click(f"{PREDICT} button")
    assert "202" in shown(tab, f"{ANSWER} .good")
    job_id = json.loads(shown(tab, f"{ANSWER} pre"))["job_id"]
    assert tab.page.input_value("#findJob-job_id") == job_id
    tab.page.click("#findJob form button")
    assert json.loads(shown(tab, "#findJob .answer pre"))["job_id"] == job_id
    tab.check()


def test_numbers_are_shown_as_they_are(running: System, open_tab: Opening) -> None:
    """JavaScript would make 9223372036854775808 of the greatest id."""
    running.client.predict(2**63 - 1, {"Pclass": 3, "SibSp": 0, "Parch": 0})
    tab = open_tab(running.client.address)
    tab.page.click("#listPredictions form button")
    assert '"observation_id": 9223372036854775807' in shown(tab, "#listPredictions .answer pre")
    tab.check()


def test_the_key_is_asked_for(running: System, open_tab: Opening) -> None:
    """Before anything of the model is shown; a wrong one is said to be one."""
    tab = open_tab(running.gateways[1][1].address)
    assert "API key" in shown(tab, "#key-form")
    assert tab.page.query_selector("section") is None
    tab.page.fill("#key", "another")
    tab.page.keyboard.press("Enter")
    assert "not one of the service's" in shown(tab, "#notice")
    tab.page.fill("#key", "the-key")
    tab.page.keyboard.press("Enter")
    tab.page.click(f"{PREDICT} button")
    assert "200" in shown(tab, f"{ANSWER} .good")
    tab.page.click("#predict summary:has-text('As a command')")
    command = shown(tab, "#predict .command pre")
    assert "Bearer $API_KEY" in command and "the-key" not in command
    tab.check()


HOSTILE = "<img src=x onerror=alert(1)>"


def test_names_are_never_markup(running: System, open_tab: Opening) -> None:
    """Whatever a model's columns are called."""
    document = running.client.get("/openapi.json").json
    schema = document["components"]["schemas"]["Observation"]
    schema["properties"][HOSTILE] = {"type": "string", "description": f"`{HOSTILE}` {HOSTILE}"}
    document["info"]["summary"] = HOSTILE
    tab = open_tab(running.client.address)
    tab.page.route("**/openapi.json", lambda route: route.fulfill(json=document))
    tab.page.reload()
    tab.page.click("#predict summary:has-text('What it takes')")
    assert HOSTILE in shown(tab, "#predict table")
    assert shown(tab, "#summary") == HOSTILE
    assert tab.page.query_selector("main img") is None
    tab.check()


def test_the_policy_is_in_force(running: System, open_tab: Opening) -> None:
    """Inline scripts, styles and markup are refused, and noticed by these tests."""
    tab = open_tab(running.client.address)
    tab.page.evaluate("""() => {
        const script = document.createElement("script");
        try { script.textContent = "window.ran = true"; } catch {}
        document.body.append(script);
        document.body.setAttribute("style", "color: red");
        try { document.body.innerHTML += "<b>x</b>"; } catch {}
    }""")
    refused = {violation.split()[0] for violation in tab.violations}
    assert {"require-trusted-types-for", "style-src-attr"} <= refused
    assert tab.page.evaluate("window.ran") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_it_fits(
    running: System, open_tab: Opening, tmp_path: Path, width: int, scheme: str
) -> None:
    """Nothing is wider than the window, texts stand out from their ground, and whoever has no mouse
    comes to the first operation."""
    tab = open_tab(running.client.address, width, scheme)
    tab.page.wait_for_selector("section")
    for summary in tab.page.query_selector_all("section summary"):
        summary.click()
    tab.page.screenshot(path=tmp_path / "docs.png", full_page=True)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    too_faint: list[Any] = tab.page.evaluate(_CONTRASTS)
    assert not too_faint
    tab.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    tab.page.reload()
    tab.page.wait_for_selector("section")
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.className") == "skip"
    tab.page.keyboard.press("Enter")
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.closest('section').id") == "predict"
    tab.check()


# Texts whose contrast with their ground is below 4.5 to 1 (WCAG 2.2, 1.4.3).
_CONTRASTS = """() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.getClientRects().length) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push([element.tagName, element.textContent.slice(0, 30), contrast]);
  }
  return found;
}"""
