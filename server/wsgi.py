"""What gunicorn serves."""

import gc
import sys

from server import logs
from server.app import create_app
from server.config import ConfigError, from_environment
from server.start import check_start

GUNICORN_BOOT_ERROR = 3
"""The exit code on which gunicorn stops instead of trying again."""

try:
    settings = from_environment()
    logs.set_up(settings.log_level)
    app = create_app(settings)
    check_start(app)
except ConfigError as error:
    sys.stderr.write(f"Configuration:\n{error}\n")
    sys.exit(GUNICORN_BOOT_ERROR)
# What is loaded by now lives as long as the process: the collector need not look through it again and again.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 50)
