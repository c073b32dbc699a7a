"""gunicorn's settings: threads in one process for the embedded default, more processes by WEB_WORKERS."""

import sys
from typing import Any

from gunicorn import glogging

from server.config import ConfigError, from_environment
from server.logs import OneLine

try:
    _settings = from_environment()
except ConfigError as error:
    sys.exit(f"Configuration:\n{error}")


class logger_class(glogging.Logger):  # type: ignore[misc]  # noqa: N801  reason: untyped; gunicorn reads settings by their names
    """Gunicorn's own, in our lines: its message of a failed request holds the address with its query, its trace the values."""

    def setup(self, cfg: Any) -> None:
        """As gunicorn's, with our formatter."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(OneLine(self.error_fmt, self.datefmt))


bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
worker_class = "gthread"
workers = _settings.web_workers
threads = _settings.web_threads
preload_app = False
timeout = 60
graceful_timeout = 20
keepalive = 5
max_requests = 0
limit_request_line = 4094
limit_request_field_size = 8190
control_socket_disable = True  # gunicorn 27 opens one in the home directory by default
accesslog = None
errorlog = "-"
loglevel = "warning"
