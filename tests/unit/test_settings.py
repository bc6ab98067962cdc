"""`shared.settings`: the environment, read once, refused in one line, never telling a password."""

from __future__ import annotations

import traceback
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.db.engine import connect
from shared.errors import SettingError, StartError
from shared.settings import CHECKOUT, SETTINGS, Settings

BY_NAME = {setting.name: setting for setting in SETTINGS}
PASSWORD = "hunter2"


def read(**environment: str) -> Settings:
    """The settings of an environment that holds only these variables."""
    return Settings.from_environment(environment)


def refusal(name: str, value: str) -> str:
    """The one line that a bad value is refused with."""
    with pytest.raises(SettingError) as caught:
        read(**{name: value})
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{name} is ")
    return text


def test_defaults() -> None:
    """An empty environment gives what the contract says that unset means."""
    found = read()
    assert (found.host, found.port) == ("127.0.0.1", 5000)
    assert found.redis_url == ""
    assert found.data_dir == CHECKOUT / "var"
    assert found.model_dir == CHECKOUT / "artifacts"
    assert found.database_url == f"sqlite:///{CHECKOUT}/var/queuecast.sqlite3"
    assert found.sync_wait == 4.0
    assert found.job_retention == 7 * 86400
    assert found.api_key == ()
    assert found.redis_tls_verify is True
    assert found.log_level == "INFO"
    assert found.on_sqlite


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_an_empty_variable_is_an_unset_one(name: str, value: str) -> None:
    """Compose files and shells pass empty variables on; they mean nothing."""
    assert read(**{name: value}) == read()


@pytest.mark.parametrize("name", BY_NAME)
def test_defaults_are_allowed_values(name: str) -> None:
    """Naming a default changes nothing."""
    assert read(**{name: BY_NAME[name].default}) == read()


def test_other_variables_are_ignored() -> None:
    """Names are exact: case, prefix and suffix count."""
    assert read(port="1", QUEUECAST_PORT="2", PORT_="3", HOME="/x") == read()


BAD: dict[str, list[str]] = {
    "PORT": ["0", "65536", "-1", "http", "5000.0", "5000;", "0x10", "9" * 5000, "5000 6000"],
    "SYNC_WAIT": ["-1", "26", "x", "4 seconds", "1e1", "inf", "nan", ".5", "4,5", "1m", "m"],
    "SYNC_WAIT_MAX": ["-1", "25.1", "1h", "long"],
    "JOB_RETENTION": [
        "0",
        "7",
        "30",
        "3599",
        "3599.9",
        "0.5s",
        "7 days",
        "-7d",
        "d",
        "7D",
        "7d 12h",
        "1w",
        "9999999d",
    ],
    "MAX_BODY": ["1023", "1073741825", "1MB", "1e6", "-1"],
    "QUEUE_LIMIT": ["0", "10000001", "none"],
    "GATEWAY_CONNECTIONS": ["7", "65537", "all"],
    "MAX_BODIES": ["65535", "32MB", "-1"],
    "BODY_TIMEOUT": ["0", "2h", "slow"],
    "BODY_STALL": ["0", "3601", "never"],
    "HEAD_TIMEOUT": ["0", "3601", "x"],
    "KEEP_ALIVE": ["0", "25h", "forever"],
    "SEND_TIMEOUT": ["0", "3601", "none"],
    "CORS_ORIGINS": [
        "example.org",
        "https://example.org/path",
        "ftp://x",
        "https://",
        "https://a b",
    ],
    "GATEWAY_THREADS": ["0", "4097", "many"],
    "GROUP_BYTES": ["1023", "1073741825", "4MB"],
    "GROUPS_IN_FLIGHT": ["0", "65", "two"],
    "GROUP_SIZE": ["0", "4097"],
    "LONG_POLLS": ["-1", "2049"],
    "DATABASE_CONNECTIONS": ["0", "65"],
    "WORKER_PROCESSES": ["0", "257", "auto"],
    "TASK_LIMIT": ["0", "601", "11m", "never"],
    "LOG_LEVEL": ["LOUD", "10", "WARN", "debug,info"],
    "REDIS_TLS_VERIFY": ["maybe", "yesno", "2"],
    "DATA_DIR": ["~nobody-of-this-name/var"],
    "MODEL_DIR": ["~nobody-of-this-name/model"],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in BAD.items() for v in values])
def test_a_bad_value_is_refused_in_one_line(name: str, value: str) -> None:
    """The line names the variable, what it held and what is allowed."""
    assert refusal(name, value) == f"{name} is {value!r}, but must be {BY_NAME[name].allowed}"


def test_one_body_must_fit_into_all() -> None:
    """A largest body that could never be taken is refused, naming both."""
    said = refusal("MAX_BODIES", "1048576")
    assert (
        said == "MAX_BODIES is '1048576', but must be at least twice MAX_BODY, which is '1048576'"
    )
    assert read(MAX_BODY="65536", MAX_BODIES="131072").max_bodies == 131072


def test_origins() -> None:
    """Several, with or without a slash behind; a star for all of them."""
    assert read().cors_origins == ()
    found = read(CORS_ORIGINS="https://example.org/, http://localhost:3000").cors_origins
    assert found == ("https://example.org", "http://localhost:3000")
    assert read(CORS_ORIGINS="*").cors_origins == ("*",)


def test_a_refusal_stops_the_start() -> None:
    """It is an error that a process prints and ends with."""
    assert issubclass(SettingError, StartError)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5400", 5400.0), ("90s", 90.0), ("90m", 5400.0), ("12h", 43200.0), ("7d", 604800.0),
        ("1.5h", 5400.0), (" 90 m ", 5400.0), ("1s", 1.0), ("3600", 3600.0),
        ("3650d", 3650 * 86400.0),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    """Seconds, or a number with s, m, h or d."""
    assert read(JOB_RETENTION=text).job_retention == seconds


@pytest.mark.parametrize("text", ["yes", "YES", " yes "])
def test_yes_and_no(text: str) -> None:
    """In any case."""
    assert read(REDIS_TLS_VERIFY=text).redis_tls_verify is True
    assert read(REDIS_TLS_VERIFY=text.replace("yes", "No").replace("YES", "NO")) == read(
        REDIS_TLS_VERIFY="no"
    )


def test_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative folder is one of the checkout's, wherever the process is started from."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    found = read(DATA_DIR="some/where", MODEL_DIR="../models")
    assert found.data_dir == CHECKOUT / "some" / "where"
    assert found.model_dir == CHECKOUT / ".." / "models"
    assert found.database_url == f"sqlite:///{CHECKOUT}/some/where/queuecast.sqlite3"
    assert read(DATA_DIR="/abs").data_dir == Path("/abs")
    assert read(DATA_DIR="~/x").data_dir == tmp_path / "home" / "x"


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p@h:1/d", "postgresql://h/d", "postgresql+psycopg2://h/d?sslmode=require",
        "postgresql:///d?host=/run/postgresql", "postgres://u:p%40%2F@[::1]:5/d",
        "sqlite:////var/x.db", "sqlite:///x.db", "sqlite:///file:x.db?uri=true",
        "sqlite:///memory/mode.db",
    ],
)  # fmt: skip
def test_database_urls(url: str) -> None:
    """Heroku's `postgres://` works, and is shown as it was given."""
    found = read(DATABASE_URL=url)
    assert found.database_url == url
    assert found.on_sqlite == url.startswith("sqlite")
    shown = connect(found.database_url, connections=1, wait=1.0).shown_url
    assert shown.partition("://")[0] == url.partition("://")[0]
    assert "u:p" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///%3Amemory%3A",
        "sqlite:///file::memory:", "sqlite:///file::memory:?cache=shared&uri=true",
        "sqlite:///file:x?mode=memory&uri=true", "sqlite:///file:x?uri=true&vfs=memdb",
        "sqlite:///file:?uri=true", "sqlite:///?uri=true", "sqlite:///file:/x%3Fmode=memory",
        "sqlite:///%20", "file::memory:", ":memory:",
    ],
)  # fmt: skip
def test_a_database_in_memory(url: str) -> None:
    """No two processes would see the same one, so it is refused; what was given is shown, where
    it can have no password."""
    text = refusal("DATABASE_URL", url)
    assert "sqlite:///path/to/file, a file on disk" in text
    assert url in text or not url.startswith("sqlite:")


@pytest.mark.parametrize(
    "url",
    ["redis://h", "redis://h:1/2", "rediss://:p@h:1/0", "redis://u:p%40@h/15", "redis://[::1]:5"],
)
def test_redis_urls(url: str) -> None:
    """Taken as they are."""
    assert read(REDIS_URL=url).redis_url == url


MALFORMED = [
    # What a well-formed URL with one fault looks like …
    "{scheme}://user:hunter2@db.example:port/name", "{scheme}://user:hunter2@db.example:99999/name",
    "{scheme}://user:hunter2@:5432", "{scheme}://user:hunter2@", "http://user:hunter2@db.example/x",
    "{scheme}://user:hunter2@[db.example/name", "{scheme}:// user:hunter2@db.example:x/name",
    # … one whose password should have been escaped …
    "{scheme}://user:pa@hunter2@db.example:port/name", "{scheme}://user:hunter2@x@db.example:p/n",
    "{scheme}://user:pa/hunter2@db.example/name", "{scheme}://user:hunter2/x@db.example/name",
    "{scheme}://user:pa hunter2@db.example:p/name", "{scheme}://user:a@b hunter2@db.example:p/n",
    "{scheme}://user:pa#hunter2@db.example/name", "{scheme}://user:pa?hunter2@db.example/name",
    "{scheme}://user:pa:hunter2@db.example:p/name", "{scheme}://us:er:hunter2@db.example:p/name",
    # … and one with a part forgotten, or a slash too few.
    "{scheme}://:hunter2", "{scheme}://user:hunter2", "{scheme}://user:hunter2/name",
    "{scheme}:/user:hunter2@db.example/name", "{scheme}:user:hunter2@db.example/name",
    "user:hunter2@db.example/name", "hunter2", "://user:hunter2@db.example/name",
    "{scheme}:///?password=hunter2", "{scheme}://db.example:x/n?user=u&password=hunter2",
    "{scheme}://user:x@db.example:x/n?password=hunter2", "host=db.example password=hunter2",
]  # fmt: skip


@pytest.mark.parametrize("url", MALFORMED)
@pytest.mark.parametrize(
    ("name", "scheme"),
    [("DATABASE_URL", "postgresql"), ("DATABASE_URL", "postgres"), ("REDIS_URL", "rediss")],
)
def test_a_malformed_url_never_tells_its_password(name: str, scheme: str, url: str) -> None:
    """Wherever the fault is, the password is not in the line; what is allowed is."""
    text = refusal(name, url.format(scheme=scheme))
    assert PASSWORD not in text
    assert text.endswith(f"but must be {BY_NAME[name].allowed}")


@pytest.mark.parametrize("url", MALFORMED)
@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_its_traceback_does_not_either(name: str, url: str) -> None:
    """Nothing that was raised on the way has it in its text."""
    with pytest.raises(SettingError) as caught:
        read(**{name: url.format(scheme="postgresql")})
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("name", "url", "shown"),
    [
        ("DATABASE_URL", "postgresql://u:hunter2@db.example:x/n", "db.example:x/n"),
        ("DATABASE_URL", "mysql://u:hunter2@db.example/n", "mysql://u"),
        ("DATABASE_URL", "postgresql://u:hunter2@db.example", "db.example"),
        ("DATABASE_URL", "postgresql://db.example:5432", "postgresql://db.example:5432"),
        ("DATABASE_URL", "sqlite:///", "sqlite:///"),
        ("DATABASE_URL", "sqlite://x.db", "sqlite://x.db"),
        ("REDIS_URL", "redis://:hunter2@cache.example:x/0", "cache.example:x/0"),
        ("REDIS_URL", "http://cache.example/0", "http://cache.example/0"),
        ("REDIS_URL", "redis://cache.example/zero", "redis://cache.example/zero"),
    ],
)
def test_a_malformed_url_is_shown_without_its_password(name: str, url: str, shown: str) -> None:
    """The rest of what the variable held is told, so that the fault can be seen."""
    text = refusal(name, url)
    assert shown in text
    assert PASSWORD not in text


NO_AT = st.text(st.characters(codec="ascii", exclude_characters="@"), max_size=8)


@given(
    st.sampled_from(["postgres", "postgresql", "redis", "rediss", "http", "x+y"]),
    NO_AT, NO_AT, NO_AT, NO_AT,
)  # fmt: skip
@settings(max_examples=200)
def test_no_url_tells_its_password(scheme: str, user: str, one: str, two: str, rest: str) -> None:
    """Whatever stands around the password, and whatever it is made of beside this."""
    url = f"{scheme}://{user}:{one}{PASSWORD}{two}@{rest}"
    for name in ("DATABASE_URL", "REDIS_URL"):
        try:
            read(**{name: url})
        except SettingError as error:
            assert PASSWORD not in str(error)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("one", ("one",)), ("one,two", ("one", "two")), (" one , two ,", ("one", "two")),
        ("a=b/c+d:e", ("a=b/c+d:e",)), ("sk://x", ("sk://x",)),
    ],
)  # fmt: skip
def test_keys(text: str, keys: tuple[str, ...]) -> None:
    """One key or several, with commas."""
    assert read(API_KEY=text).api_key == keys


@pytest.mark.parametrize(
    "text", [",", " , ,", "hunter2 x", "one,hunter2 x", "hunter2\u00e9", "hunter2://x y"]
)
def test_a_bad_key_is_refused_and_never_told(text: str) -> None:
    """Keys that no header can carry are refused, without showing any."""
    assert PASSWORD not in refusal("API_KEY", text)


def test_secrets() -> None:
    """Every key and every password, as written and as meant, for the logs to blot out."""
    found = read(
        API_KEY="key-one,key-two",
        DATABASE_URL="postgres://u:p%40ss@h/d",
        REDIS_URL="rediss://:r%2Fs@h:1/0",
    ).secrets
    assert {"key-one", "key-two", "p%40ss", "p@ss", "r%2Fs", "r/s"} <= set(found)
    assert "" not in read().secrets


@pytest.mark.parametrize(
    "url",
    ["postgresql://h/d?user=u&password=p%40ss", "postgresql:///d?host=h&password=p%40ss"],
)
def test_a_password_in_the_query_is_a_secret(url: str) -> None:
    """libpq takes a password there as well."""
    assert {"p%40ss", "p@ss"} <= set(read(DATABASE_URL=url).secrets)


@pytest.mark.parametrize(
    ("host", "key", "is_open"),
    [
        ("127.0.0.1", "", False), ("localhost", "", False), ("::1", "", False),
        ("127.0.0.2", "", False), ("[::1]", "", False), ("nowhere.invalid", "", True),
        ("0.0.0.0", "", True), ("::", "", True), ("10.0.0.1", "", True), ("0.0.0.0", "k", False),
    ],
)  # fmt: skip
def test_open_to_the_network(host: str, key: str, is_open: bool) -> None:
    """Only without a key, and on an address that others reach."""
    assert read(HOST=host, API_KEY=key).open_to_the_network is is_open


def test_settings_are_frozen() -> None:
    """Nothing changes them after the start."""
    with pytest.raises(FrozenInstanceError):
        read().port = 1  # type: ignore[misc]
