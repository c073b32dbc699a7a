"""gunicorn's settings: threads in one process for the embedded default, more processes by WEB_WORKERS."""

import sys

from server.config import ConfigError, from_environment

try:
    _settings = from_environment()
except ConfigError as error:
    sys.exit(f"Configuration:\n{error}")

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
