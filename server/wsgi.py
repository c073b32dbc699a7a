"""What gunicorn serves."""

import gc
import logging

from server.app import create_app
from server.config import from_environment
from server.start import check_start

settings = from_environment()
logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s %(message)s")
app = create_app(settings)
check_start(app)
# What is loaded by now lives as long as the process: the collector need not look through it again and again.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 50)
