from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from server.config import logs
from server.config.settings import Settings

log = structlog.get_logger("server.test")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in (None, "uvicorn.access", "aiosqlite")]
    before = [(logger, logger.handlers, logger.level) for logger in loggers]
    yield
    structlog.reset_defaults()
    for logger, handlers, level in before:
        logger.handlers = handlers
        logger.setLevel(level)


Output = pytest.CaptureFixture[str]


def _lines(output: Output) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.readouterr().err.splitlines()]


def test_our_lines_and_those_of_libraries_have_one_form(capsys: Output) -> None:
    logs.configure(Settings(log_format="json"))
    log.info("published", plan="pro")
    logging.getLogger("uvicorn.error").info("Started %s", "it", extra={"color_message": "…"})

    ours, theirs = _lines(capsys)
    assert (ours["event"], ours["plan"], ours["level"], ours["logger"]) == (
        "published",
        "pro",
        "info",
        "server.test",
    )
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("Started it", "info", "uvicorn.error")
    assert theirs.keys() == ours.keys() - {"plan"}


def test_people_read_text(capsys: Output) -> None:
    logs.configure(Settings(log_format="text"))
    log.warning("published", plan="pro")

    written = capsys.readouterr().err
    assert "[warning  ] published" in written
    assert written.rstrip().endswith("plan=pro")


def test_each_line_of_a_request_shows_its_id(capsys: Output) -> None:
    logs.configure(Settings(log_format="json"))
    with logs.request_id() as first:
        log.info("asked")
        assert logs.current_request_id() == first
    with logs.request_id() as second:
        logging.getLogger("library").info("asked")
    log.info("asked")

    assert [line.get("request_id") for line in _lines(capsys)] == [first, second, None]
    assert first != second
    assert logs.current_request_id() is None


@pytest.mark.parametrize(("level", "shown"), [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)])
def test_no_more_is_logged_than_was_asked_for(capsys: Output, level: str, shown: int) -> None:
    logs.configure(Settings.model_validate({"log_level": level, "log_format": "json"}))
    for write in (log.debug, log.info, log.warning):
        write("something")

    assert len(_lines(capsys)) == shown


def test_each_request_has_a_line_only_where_everything_is_logged(capsys: Output) -> None:
    access = logging.getLogger("uvicorn.access")
    logs.configure(Settings(log_level="info", log_format="json"))
    access.info("GET /healthz")
    logs.configure(Settings(log_level="debug", log_format="json"))
    access.info("GET /readyz")

    assert [line["event"] for line in _lines(capsys)] == ["GET /readyz"]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_no_secret_is_ever_logged(capsys: Output, log_format: str) -> None:
    logs.configure(Settings.model_validate({"log_level": "debug", "log_format": log_format}))
    log.info("asked", authorization="s3cret", headers={"Authorization": "s3cret"}, seen=("?key=s3cret",))
    log.info("Bearer s3cret was sent to postgresql+asyncpg://me:s3cret@localhost/allotment")
    log.info("revoked <sk_0123456789ab_s3cret>")
    log.info("the token 'eyJhbGciOiJIUzI1NiJ9.s3cret.s3cret' is over")
    logging.getLogger("uvicorn.access").info('"GET %s" 200', "/portal?token=s3cret&tab=usage")
    try:
        raise ValueError("bearer s3cret")  # noqa: EM101, TRY003, TRY301 - the text is what is tested
    except ValueError:
        log.exception("failed")

    written = capsys.readouterr().err
    assert "s3cret" not in written
    assert written.count(logs.STRUCK_OUT) == 10
    assert "&tab=usage" in written
    assert "revoked <sk_0123456789ab_***" in written


def test_an_address_without_a_password_is_logged_whole(capsys: Output) -> None:
    logs.configure(Settings(log_format="json"))
    log.info("serving", address="http://127.0.0.1:8000/graphql")

    assert _lines(capsys)[0]["address"] == "http://127.0.0.1:8000/graphql"
