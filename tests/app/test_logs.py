import json
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest

from app.logs import JsonFormatter, TextFormatter, about

NAME = "tests.logs"


def record(message: str = "done", *arguments: Any, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord(NAME, logging.INFO, "here.py", 1, message, arguments, None)
    made.__dict__.update(more)
    return made


def as_json(event: logging.LogRecord) -> dict[str, Any]:
    line = JsonFormatter().format(event)
    assert "\n" not in line
    found: dict[str, Any] = json.loads(line)
    return found


def logged(code: str, log_format: str = "None") -> list[str]:
    """What a process of its own writes to standard error, line by line."""
    lines = ["import logging, threading, warnings", "from app import logs"]
    program = "\n".join([*lines, f"logs.set_up({log_format})", code])
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stdout == ""
    return ended.stderr.splitlines()


def test_an_event_is_an_object_with_its_time_in_utc() -> None:
    line = as_json(record("%d of %d", 1, 2, created=0.5))

    assert line.pop("pid") > 0
    assert line == {
        "time": "1970-01-01T00:00:00.500Z",
        "level": "info",
        "logger": NAME,
        "message": "1 of 2",
    }


@pytest.mark.parametrize("message", ["two\nlines", "\u2028", "\ud800", 'quoted "', "\x00\x1b[0m"])
def test_whatever_a_message_holds_it_stays_one_line_of_plain_text(message: str) -> None:
    line = JsonFormatter().format(record(message))

    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == message


def test_ids_come_from_the_context_and_end_with_their_block() -> None:
    with about(request_id="r"):
        with about(job_id="j"):
            inner = as_json(record())
        outer = as_json(record())

    assert (inner["request_id"], inner["job_id"]) == ("r", "j")
    assert outer["request_id"] == "r"
    assert "job_id" not in outer
    assert "request_id" not in as_json(record())


def test_an_event_may_bring_its_own_ids() -> None:
    with about(run_id="first", job_id="j"):
        line = as_json(record(run_id="second"))

    assert (line["run_id"], line["job_id"]) == ("second", "j")


def test_threads_do_not_share_their_ids() -> None:
    seen: list[dict[str, Any]] = []

    with about(run_id="mine"):
        other = threading.Thread(target=lambda: seen.append(as_json(record())))
        other.start()
        other.join()

    assert "run_id" not in seen[0]


def test_a_line_of_the_access_log_has_its_parts_as_fields() -> None:
    event = record('%s - "%s %s HTTP/%s" %d', "::1:5", "GET", "/v1/jobs?limit=1", "1.1", 200)
    event.name = "uvicorn.access"

    line = as_json(event)

    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/jobs?limit=1", 200)


def test_text_names_the_ids_that_the_message_does_not() -> None:
    with about(request_id="r1", run_id="abc"):
        line = TextFormatter().format(record("run abc: started"))

    assert line.endswith("INFO run abc: started [request_id=r1]")


def test_an_event_may_be_about_several() -> None:
    with about(run_id=["abc", "def"]):
        assert as_json(record())["run_id"] == ["abc", "def"]
        assert TextFormatter().format(record("run abc: lost")).endswith(" [run_id=abc,def]")
        assert TextFormatter().format(record("abc, def: lost")).endswith("abc, def: lost")


@pytest.mark.parametrize(
    ("log_format", "is_json"), [("None", True), ("'json'", True), ("'text'", False)]
)
def test_what_is_no_terminal_gets_json_unless_told_otherwise(
    log_format: str, is_json: bool
) -> None:
    (line,) = logged("logging.getLogger('a').info('hello')", log_format)

    assert line.startswith("{") is is_json
    assert "hello" in line


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ValueError('two\\nlines')", "ValueError: two\nlines"),
        ("warnings.warn('beware')", "UserWarning: beware"),
        (
            "thread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()",
            "ZeroDivisionError",
        ),
    ],
    ids=["exception", "warning", "thread"],
)
def test_what_nobody_caught_is_one_event_too(code: str, said: str) -> None:
    (line,) = logged(code)

    event = json.loads(line)
    assert said in event["message"] + event.get("trace", "")
