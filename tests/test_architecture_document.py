"""docs/architecture.md says what each file is for: a newcomer finds a rule from the tree alone."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from shared.settings import CHECKOUT
from tests.imports import files

DOCUMENT = (CHECKOUT / "docs" / "architecture.md").read_text()
FOLDERS = ("api", "worker", "shared", "local", "client")
LINES: dict[str, str] = dict(re.findall(r"^\| `(\S+\.py)` \| (.+) \|$", DOCUMENT, re.MULTILINE))

# Where is the rule that …: the words to look for in the tree, the file, and what has the rule.
QUESTIONS = [
    ("refuses an API key that is wrong", "API key", "api/http/api_keys.py", "open_to"),
    ("a group leaves", "group leave", "api/grouping/batcher.py", "_delay"),
    ("a body that comes too slowly is given up", "body take", "api/server/body_reader.py",
     "_next_part"),
    ("the queue is full", "Retry-After", "api/acceptance/admission.py", "admit"),
    ("a bad row does not fail its group", "bad row", "worker/scoring/scoring.py", "isolate"),
    ("a value fits its column", "values does a column", "worker/scoring/reading.py", "column"),
    ("a job's message is lost", "job lost", "worker/sweeper.py", "return_lost"),
    ("a group whose process died is tried again", "process died", "worker/recovery.py", "recover"),
    ("an id may be an integer or a string", "ids", "shared/observation_id.py", "parse"),
    ("secrets are kept out of logs", "secrets", "shared/logs.py", "mask"),
    ("a process must stop in time", "time to stop|take to stop", "shared/stop_limit.py",
     "limit_stopping"),
    ("a part that died is started again", "part dies", "local/supervised_part.py", "look"),
]  # fmt: skip


def test_each_file_has_one_line() -> None:
    """The tree is the tree: no file is missing, none is there twice, none is gone."""
    there = {
        path.relative_to(CHECKOUT).as_posix()
        for folder in FOLDERS
        for path in files(folder)
        if path.name != "__init__.py"
    }
    listed = Counter(re.findall(r"^\| `(\S+\.py)` \|", DOCUMENT, re.MULTILINE))
    assert set(listed) - there == set(), "lines without a file"
    assert there - set(listed) == set(), "files without a line"
    assert max(listed.values()) == 1


def test_the_way_of_a_request_names_what_is_there() -> None:
    """What the text names as a file is one."""
    told = re.findall(r"`((?:api|worker|shared|local|tests)/[\w/]+)(?:\.py)?`", DOCUMENT)
    assert len(told) > 30
    for name in told:
        assert (CHECKOUT / f"{name}.py").is_file() or (CHECKOUT / name).is_dir(), name


@pytest.mark.parametrize(("rule", "words", "file", "function"), QUESTIONS)
def test_newcomer(rule: str, words: str, file: str, function: str) -> None:
    """Where is the rule that …? The words lead to one line of the tree, and the rule is there."""
    found = [name for name, line in LINES.items() if re.search(words, line, re.IGNORECASE)]
    assert found == [file], f"where is the rule that {rule}"
    defined = {
        node.name
        for node in ast.walk(ast.parse((CHECKOUT / file).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    assert function in defined
