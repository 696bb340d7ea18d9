from __future__ import annotations

from dataclasses import astuple

import pytest
from pydantic.fields import FieldInfo

from server.config.limits import Limits
from server.config.settings import PREFIX, Settings, SettingsError, read_settings
from server.config.theme import Theme
from tests.project.markdown import rows
from tests.project.repository import ROOT


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def _row(name: str, setting: FieldInfo) -> list[str]:
    described = setting.json_schema_extra
    default = described["default"] if isinstance(described, dict) else f"`{setting.default}`"
    return [f"`{PREFIX}{name.upper()}`", str(default), str(setting.description)]


def test_every_setting_is_documented_as_it_is() -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")

    assert rows(page) == [_row(name, setting) for name, setting in Settings.model_fields.items()]


def test_a_file_in_this_folder_is_the_database_until_another_is_named() -> None:
    assert read_settings().database_url == "sqlite+aiosqlite:///allotment.db"


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOTMENT_DATABASE_URL", "postgresql+asyncpg://me:s3cret@localhost:5432/allotment")
    monkeypatch.setenv("ALLOTMENT_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("ALLOTMENT_LOG_FORMAT", "text")
    settings = read_settings()

    assert settings.database_url == "postgresql+asyncpg://me:s3cret@localhost:5432/allotment"
    assert (settings.log_level, settings.log_format) == ("debug", "text")


def test_an_empty_variable_counts_as_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOTMENT_LOG_LEVEL", "")

    assert read_settings().log_level == "info"


def test_logs_are_for_programs_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: False)

    assert read_settings().log_format == "json"


def test_logs_are_for_people_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    assert read_settings().log_format == "text"


def test_each_value_that_cannot_be_used_gets_a_line_without_the_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLOTMENT_DATABASE_URL", "mysql://me:s3cret@localhost/allotment")
    monkeypatch.setenv("ALLOTMENT_LOG_LEVEL", "loud")
    with pytest.raises(SettingsError) as refused:
        read_settings()

    assert str(refused.value).splitlines() == [
        "ALLOTMENT_DATABASE_URL: must be sqlite+aiosqlite:///<file> or postgresql+asyncpg://<host>/<database>",
        "ALLOTMENT_LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "allotment.db",
        "sqlite:///allotment.db",
        "postgresql://localhost/a",
        "postgresql+asyncpg://localhost:x/a",
    ],
)
def test_a_database_is_named_with_a_driver_that_we_have(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ALLOTMENT_DATABASE_URL", url)

    with pytest.raises(SettingsError, match=r"^ALLOTMENT_DATABASE_URL: must be "):
        read_settings()


def test_printed_settings_keep_the_password_to_themselves() -> None:
    assert "s3cret" not in repr(Settings(database_url="postgresql+asyncpg://me:s3cret@localhost/allotment"))


def test_each_limit_is_what_is_set() -> None:
    given = {
        "max_tokens": 1,
        "max_depth": 2,
        "max_root_fields": 3,
        "max_aliases": 4,
        "max_directives": 5,
        "max_cost": 6,
        "max_body_bytes": 7,
        "max_catalog_body_bytes": 8,
        "time_limit_seconds": 9,
        "max_sockets": 10,
        "max_socket_operations": 11,
        "socket_opening_seconds": 12,
        "socket_sending_seconds": 13,
    }

    assert astuple(Settings.model_validate(given).limits) == tuple(range(1, 14))
    assert Settings().limits == Limits()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_HOME", "javascript:alert(1)"),
        ("PORTAL_HOME", "//evil.test"),
        ("PORTAL_STYLE", "https://shop.test/a.css; script-src *"),
        ("PORTAL_STYLE", "data:text/css,*{}"),
    ],
)
def test_an_address_that_would_run_or_open_something_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ALLOTMENT_{name}", value)

    with pytest.raises(SettingsError, match=rf"^ALLOTMENT_{name}: must be"):
        read_settings()


def test_customers_pages_have_the_looks_that_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOTMENT_PORTAL_HOME", "https://app.example.com/account")
    monkeypatch.setenv("ALLOTMENT_PORTAL_STYLE", "/brand.css")

    assert read_settings().portal_looks == Theme(style="/brand.css", home="https://app.example.com/account")


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_limit_leaves_something(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ALLOTMENT_MAX_DEPTH", value)

    with pytest.raises(SettingsError, match=r"^ALLOTMENT_MAX_DEPTH: "):
        read_settings()
