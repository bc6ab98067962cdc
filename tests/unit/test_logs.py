"""`shared.logs`: no password and no key is ever in what a process writes to standard error."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.logs import mask
from shared.settings import CHECKOUT
from tests.system import INHERITED

START = """
import logging
from shared.logs import configure
configure("gateway", {level!r}, {secrets!r})
log = logging.getLogger("some.library")
"""
SECRETS = ("key", "key-one", "key-one-and-more", "p@ss", "p%40ss", "a+(b", "xyz")
TOLD = re.compile(
    "|".join(re.escape(s) for s in ("one", "and-more", "p@ss", "p%40", "a+(b", "xyz"))
)


def written(script: str, level: str = "INFO", secrets: tuple[str, ...] = SECRETS) -> str:
    """What a process that logs so writes to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", START.format(level=level, secrets=secrets) + script],
        cwd=CHECKOUT, env=INHERITED, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def test_a_line_an_event() -> None:
    """Time, level, part, logger and message, on standard error; below the level nothing."""
    text = written('log.info("hello %s", "there"); log.debug("hidden")')
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO    gateway some\.library: hello there\n", text
    )


def test_messages_are_blotted_out() -> None:
    """In the message, in its arguments of any kind, and whatever other secret a secret holds."""
    text = written(
        """
log.info("sent key-one-and-more")
log.warning("sent %s and %r", "key-one", {"password": ["p@ss", "a+(b"]})
log.error("%(name)s", {"name": "xyz"})
log.critical("p%%40ss %s", Exception("key-one-and-more"))
logging.getLogger("celery").info("key-one")
logging.info("xyzkey-one-and-morexyz")
"""
    )
    assert text.count("\n") == 6
    assert "***" in text
    assert not TOLD.search(text)


RAISING = {
    "message": "raise ValueError('key-one-and-more p@ss xyz')",
    "source line": "xyz = 1; raise ValueError('a+(b')",
    "cause": "try:\n        raise OSError('key-one-and-more')\n    except OSError as error:\n"
             "        raise ValueError('p@ss') from error",
    "context": "try:\n        raise OSError('xyz')\n    except OSError:\n"
               "        raise KeyError('key-one-and-more')",
    "group": "raise ExceptionGroup('a+(b', [ValueError('p@ss'), OSError('key-one-and-more')])",
    "note": "error = ValueError('p@ss'); error.add_note('key-one-and-more'); raise error",
    "lines": "raise ValueError('a line\\nkey-one-and-more\\np%40ss')",
    "url": "raise ValueError('postgresql://u:never-named-xyz@h/d')",
}  # fmt: skip


@pytest.mark.parametrize("name", RAISING)
def test_tracebacks_are_blotted_out(name: str) -> None:
    """Wherever in an exception a secret stands, and the longest secret is replaced whole."""
    script = (
        f"try:\n    {RAISING[name]}\nexcept Exception:\n    log.exception('failed: %s', 'xyz')\n"
    )
    text = written(script)
    assert "Traceback" in text
    assert "***" in text
    assert not TOLD.search(text)
    assert "-and" not in text


def test_stacks_are_blotted_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A stack that is logged shows source lines, which may hold a secret as well."""
    module = tmp_path_factory.mktemp("stack") / "speaks.py"
    module.write_text("def speak(log, key):\n    log.info('said', stack_info=key)\n")
    folder = str(module.parent)
    text = written(
        f"import sys; sys.path.insert(0, {folder!r})\nimport speaks\nspeaks.speak(log, 'xyz')\n",
        secrets=("stack_info=key",),
    )
    assert "Stack (most recent call last)" in text
    assert "stack_info=key" not in text


def test_a_url_hides_its_password_though_nobody_named_it() -> None:
    """A library may log a URL that is none of the settings'."""
    text = written(
        """
log.info("connected to %s", "redis://:hunter2@h:1/0")
log.info("postgresql+psycopg2://user:hunter2@h/d and amqp://u:hunter2@h")
log.info("redis://user:pa@hunter2@h:1")
log.info("postgresql://h/d?user=u&password=hunter2&sslmode=require")
""",
        secrets=(),
    )
    assert text.count("\n") == 4
    assert "hunter2" not in text
    assert "redis://:***@h:1/0" in text
    assert "postgresql+psycopg2://user:***@h/d" in text


def test_a_broken_log_call_breaks_nothing_else() -> None:
    """A library that logs with the wrong arguments must not raise into the code that called it."""
    text = written('log.info("%d", "xyz-text"); log.info("%s %s", "p@ss"); log.info("still here")')
    assert "still here" in text
    assert not TOLD.search(text)


def test_levels() -> None:
    """DEBUG shows everything of ours; libraries that log a line for every message stay quiet."""
    script = """
log.debug("ours")
logging.getLogger("celery.app.trace").info("theirs")
logging.getLogger("celery.app.trace").warning("warned")
"""
    assert "ours" in written(script, "DEBUG")
    text = written(script, "INFO")
    assert "ours" not in text
    assert "theirs" not in text
    assert "warned" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://:p@h:1/0", "redis://:***@h:1/0"),
        ("postgresql+psycopg2://u:p@h/d", "postgresql+psycopg2://u:***@h/d"),
        ("a redis://u:p:q@h b", "a redis://u:***@h b"),
        ("redis://:p@h, redis://:q@h", "redis://:***@h, redis://:***@h"),
        ("redis://u:p@q@h/0", "redis://u:***@h/0"),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("http://h:80/a@b", "http://h:80/a@b"),
        ("someone@h: 12:30 http://h/", "someone@h: 12:30 http://h/"),
        ("", ""),
    ],
)
def test_mask(text: str, expected: str) -> None:
    """Only the password is replaced; the user, the host and all other text stay."""
    assert mask(text) == expected


@given(st.text(), st.text(st.characters(exclude_characters=" /\t\n\r@", codec="ascii")), st.text())
def test_no_password_survives(before: str, password: str, after: str) -> None:
    """Whatever stands around a URL."""
    marked = f"{password}hunter2{password}"
    if not any(character.isspace() for character in password):
        assert "hunter2" not in mask(f"{before} redis://user:{marked}@host{after}")
