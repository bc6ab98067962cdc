"""`shared.url_password`: all libraries read the same password, and logs know its spellings."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from shared.url_password import escape_credentials, spellings

# What stands in an environment variable, without what a URL's structure is made of.
PASSWORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="/?#\x00", exclude_categories=["Cc"])
)


@pytest.mark.parametrize(
    ("url", "escaped"),
    [
        ("redis://:p@ss@h:1/0", "redis://:p%40ss@h:1/0"),
        ("postgresql://u:a b%c@h/d", "postgresql://u:a%20b%25c@h/d"),
        ("postgresql://u:a:b@h/d", "postgresql://u:a%3Ab@h/d"),
        ("postgresql://u@tenant:p@h/d", "postgresql://u%40tenant:p@h/d"),
        ("postgresql://u:p%40%2f%25@[::1]:5/d", "postgresql://u:p%40%2f%25@[::1]:5/d"),
        ("postgresql://h/d?user=u@tenant", "postgresql://h/d?user=u@tenant"),
        ("postgresql:///d?host=/run", "postgresql:///d?host=/run"),
    ],
)
def test_what_is_escaped(url: str, escaped: str) -> None:
    """What a URL cannot hold, in the user and the password; what is escaped stays as it is."""
    assert escape_credentials(url) == escaped
    assert escape_credentials(escaped) == escaped


@given(PASSWORDS)
def test_all_read_the_same(password: str) -> None:
    """However it is written, as it is or escaped."""
    for written in (password.replace("%", "%25"), quote(password, safe="")):
        url = escape_credentials(f"postgresql://u:{written}@h:5/d")
        assert unquote(urlsplit(url).password or "") == password
        found = make_url(url)
        assert (found.host, found.port, found.database) == ("h", 5, "d")
        assert (found.password or "") == password


@pytest.mark.parametrize(
    "url",
    ["redis://:12/x@h:1/0", "postgresql://u:12/x@h/d", "postgresql://u:p@1/x@h/d",
     "postgresql://u:p@1?x@h/d", "postgresql://u:12#x@h/d", "redis://:12?x@h",
     "redis://:p%00@h", "postgresql://h/d?password=%00"],
)  # fmt: skip
def test_what_cannot_be_understood(url: str) -> None:
    """A slash that is not escaped may have an `@` behind it; a part of the password would be taken
    for a host, and shown. And no server takes a NUL."""
    with pytest.raises(ValueError, match="://"):
        escape_credentials(url)


@given(PASSWORDS.filter(bool))
def test_spellings(password: str) -> None:
    """As it is meant, and as URLs are shown with it."""
    url = escape_credentials(f"postgresql://u:{quote(password, safe='')}@h/d")
    shown = make_url(url).render_as_string(hide_password=False)
    found = spellings(url)
    assert password in found
    assert any(f":{spelled}@" in shown for spelled in found)


def test_spellings_in_a_query() -> None:
    """Where a plus is a space."""
    assert {"a+b%2F", "a b/"} <= spellings("postgresql:///d?host=h&password=a+b%2F")
    assert spellings("postgresql://u@h/d") == set()
