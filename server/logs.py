"""What is written to a log: a line a record, who failed and where in the program, never what the data said."""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

_ROOT = str(Path(__file__).resolve().parent.parent)
_PACKAGES = re.compile(r".*/(?:site|dist)-packages/|.*/lib/python[^/]*/")
_QUERY = re.compile(r"(/[^\s?'\"]*)\?[^\s'\"]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MOST_FRAMES = 15


def trace(error: BaseException) -> str:
    """Class of an error and of what caused it, with file, line and function of each call: no message, for that quotes values."""
    parts, seen, one = [], set[int](), error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        parts.append(f"{type(one).__name__}{''.join(f' < {frame}' for frame in _frames(one.__traceback__))}")
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)  # type: ignore[assignment]  # reason: the loop ends with None
    return "; after ".join(parts)


def _frames(calls: TracebackType | None) -> Iterator[str]:
    """The innermost first."""
    for frame, line in list(traceback.walk_tb(calls))[: -MOST_FRAMES - 1 : -1]:
        file = _PACKAGES.sub("", frame.f_code.co_filename).removeprefix(f"{_ROOT}/")
        yield f"{file}:{line} {frame.f_code.co_name}"


class OneLine(logging.Formatter):
    """The record in one line. Errors are told by their class, queries of addresses are left out, and nothing begins a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Also of records that a library makes, which knows nothing of patients."""
        without = {"exc_info": None, "exc_text": None, "stack_info": None}
        said = logging.makeLogRecord(record.__dict__ | without | {"args": _classes(record.args)})
        if isinstance(said.msg, BaseException):
            said.msg = type(said.msg).__name__
        line = _QUERY.sub(r"\1?…", super().format(said))
        if record.exc_info and record.exc_info[1]:
            line = f"{line}: {trace(record.exc_info[1])}"
        return _UNPRINTABLE.sub(_escaped, line)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _classes(args: Any) -> Any:
    """A record's arguments with the classes of errors in place of what they say."""
    if isinstance(args, Mapping):
        return {name: _class(value) for name, value in args.items()}
    return tuple(_class(value) for value in args) if isinstance(args, tuple) else args


def _class(value: Any) -> Any:
    return type(value).__name__ if isinstance(value, BaseException) else value


def tasks_in_short(record: logging.LogRecord) -> bool:
    """Celery's records of failed tasks hold the error's text, the trace's text and the arguments: what is left is the task's name."""
    told = record.__dict__.pop("data", None)
    if isinstance(told, Mapping):
        record.msg, record.args = "task %s failed", (str(told.get("name")),)
    return True


def set_up(level: str) -> None:
    """Everything of this process goes to stderr in such lines, errors that nobody caught too."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    catch_the_rest()


def catch_the_rest() -> None:
    """Errors that end a thread or the process: Python would print what they say."""
    log = logging.getLogger("graftlog")

    def of_process(kind: type[BaseException], error: BaseException, calls: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, calls)
        else:
            log.critical("ended by %s", trace(error))

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            log.error("a thread was ended by %s", trace(args.exc_value))

    sys.excepthook, threading.excepthook = of_process, of_thread
