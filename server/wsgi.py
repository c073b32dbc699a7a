"""What gunicorn serves."""

import logging

from server.app import create_app
from server.config import from_environment
from server.start import check_start

settings = from_environment()
logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s %(message)s")
app = create_app(settings)
check_start(app)
