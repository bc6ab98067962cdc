"""`tests.images.pip_settings`: what a build is told of how this machine installs."""

from __future__ import annotations

from tests.images.pip_settings import read_settings


def test_of_two_the_environment_counts() -> None:
    """As `pip config list` prints them; a value may be a list."""
    listing = (
        ":env:.cert='/etc/ssl/one.crt'\nglobal.cert='/etc/ssl/two.crt'\n"
        "global.extra-index-url='file:///a/simple file:///b/simple'\nnonsense\n"
        "install.no-compile='true'\n"
    )
    assert read_settings(listing) == {
        "cert": "/etc/ssl/one.crt",
        "extra-index-url": "file:///a/simple file:///b/simple",
        "no-compile": "true",
    }
    assert read_settings("") == {}
