"""The Celery application: how messages travel, and beat's table. Importing it connects to nothing and imports no task."""

import logging
import sys
import warnings
from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import after_setup_logger, after_setup_task_logger
from kombu import Queue

from schemas.vocabulary import Channel
from server import logs
from server.config import Config, ConfigError, from_environment

TICK_QUEUE = "tick"
PHOTO_QUEUE = "photos"
REPORT_QUEUE = "reports"
SEND_QUEUES = {channel: f"send.{channel}" for channel in Channel}
TICK_EVERY_S = 1.0
THUMBNAILS_EVERY_S = 2.0
REPORTS_EVERY_S = 1.0
DIGESTS_EVERY_S = 60.0
PHOTO_KEYS_EVERY_S = 10.0
CHECKPOINTS_EVERY_S = 600.0

SETTINGS: dict[str, Any] = {
    # Messages carry no data, only "there is work now"; JSON is all that is ever read, so running as root unpickles nothing.
    "accept_content": ["json"],
    "task_serializer": "json",
    # A queue per channel, so that a slow provider never holds up the ticks or another channel's worker.
    "task_queues": (Queue(TICK_QUEUE), Queue(PHOTO_QUEUE), Queue(REPORT_QUEUE), *(Queue(name) for name in SEND_QUEUES.values())),
    "task_default_queue": TICK_QUEUE,
    "task_create_missing_queues": False,  # a misspelt queue is an error, not messages that nobody reads
    "task_routes": {
        "tick": {"queue": TICK_QUEUE},
        "thumbnails": {"queue": PHOTO_QUEUE},
        "photo_keys": {"queue": PHOTO_QUEUE},
        "checkpoints": {"queue": TICK_QUEUE},
        "reports": {"queue": REPORT_QUEUE},
        "digests": {"queue": REPORT_QUEUE},
    },  # a pump names its channel's queue when it is woken
    # The truth is in SQL: results would be traffic that nobody reads.
    "task_ignore_result": True,
    # A lost message costs one tick, so the broker need not write it to disk.
    "task_default_delivery_mode": 1,
    # Nor tried again: while the broker is away, the worker's own clockwork does without it.
    "task_publish_retry": False,
    # A failed task must not come back at once: the next tick asks the database anyway.
    "task_acks_on_failure": True,
    "task_acks_on_timeout": True,
    # Nothing is ever scheduled in the broker: a long ETA runs again and again there. Reminders are rows.
    "worker_eta_task_limit": 1,
    # One process, because that is all the embedded mode has memory for: sending waits for the network, not for the processor.
    # More throughput is another worker process; rows are claimed with SKIP LOCKED, so any number may run.
    "worker_pool": "solo",
    "worker_concurrency": 1,
    # Celery's own chatter between workers has no reader here, and each kind of it is a queue to poll.
    "worker_send_task_events": False,
    "worker_enable_remote_control": False,
    "worker_detect_quorum_queues": False,  # RabbitMQ only
    "worker_redirect_stdouts": False,
    # A broker that is away for an hour must not end the worker: by default it gives up after 100 tries.
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_pool_limit": 1,
    # The call to the mail server goes on when Redis blinks: cutting it off would make the mail uncertain.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    # Intervals in UTC only: beat with a local zone skips or doubles entries when the clocks change.
    "timezone": "UTC",
    "enable_utc": True,
    # In memory: there is no state worth a file, and the shelve file breaks when beat is killed.
    "beat_scheduler": "celery.beat:Scheduler",
    "beat_max_loop_interval": TICK_EVERY_S,
    # A tick that waited longer has been overtaken by its successors.
    "beat_schedule": {
        "tick": {"task": "tick", "schedule": TICK_EVERY_S, "options": {"expires": 5}},
        "thumbnails": {"task": "thumbnails", "schedule": THUMBNAILS_EVERY_S, "options": {"expires": 5}},
        "photo_keys": {"task": "photo_keys", "schedule": PHOTO_KEYS_EVERY_S, "options": {"expires": 10}},
        "reports": {"task": "reports", "schedule": REPORTS_EVERY_S, "options": {"expires": 5}},
        "digests": {"task": "digests", "schedule": DIGESTS_EVERY_S, "options": {"expires": 30}},
        "checkpoints": {"task": "checkpoints", "schedule": CHECKPOINTS_EVERY_S, "options": {"expires": 300}},
    },
}


def broker(config: Config) -> dict[str, Any]:
    """Redis where one is configured, else files in the data folder."""
    if not config.redis_url:
        return _files(config)
    if config.redis_url.startswith("sentinel:"):
        return _sentinels(config.redis_url)
    return _redis("redis" + config.redis_url.removeprefix("valkey").removeprefix("redis"))  # Valkey speaks the same; kombu knows one name


def _sentinels(url: str) -> dict[str, Any]:
    """For `sentinel://:password@host:26379,host:26379/0?master=name&sentinel_password=…`; the first password is the servers' own."""
    parts, asked = urlsplit(url), parse_qs(urlsplit(url).query)
    secret, _, hosts = parts.netloc.rpartition("@")
    before, after = f"sentinel://{secret}@" if secret else "sentinel://", parts.path.strip("/") or "0"
    settings = _redis(";".join(f"{before}{host}/{after}" for host in hosts.split(",")))
    options = settings["broker_transport_options"]
    settings["broker_transport"] = "workers.redis_transport:SentinelTransport"
    options["master_name"] = asked.get("master", ["mymaster"])[0]
    options["sentinel_kwargs"] = {name: options[name] for name in ("socket_timeout", "socket_connect_timeout", "socket_keepalive")}
    if "sentinel_password" in asked:
        options["sentinel_kwargs"]["password"] = asked["sentinel_password"][0]
    return settings


def _redis(url: str) -> dict[str, Any]:
    return {
        "broker_url": url,
        "broker_transport": "workers.redis_transport:Transport",
        # A pump killed in the middle is offered again; harmless, because its rows are leased.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_retry_on_worker_lost": False,  # it would publish a copy; attempts are counted in the database
        "worker_prefetch_multiplier": 1,  # no hoarding: the next message goes to whoever is free
        "broker_transport_options": {
            # Longer than the longest task, short enough that a lost worker's message is soon offered again.
            "visibility_timeout": 120,
            # The defaults (10 and 10) look for such messages only every hundred seconds or so.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            # Without these a frozen Redis holds the worker for ever.
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "global_keyprefix": "graftlog:",  # a Redis may be shared
        },
    }


def _files(config: Config) -> dict[str, Any]:
    messages, control = config.queue / "messages", config.queue / "control"
    for folder in (messages, control):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "broker_url": "filesystem://localhost",  # without a host kombu warns that it takes localhost
        "broker_transport": "workers.transport:Transport",
        # Files cannot be offered again, and a polling reader with a prefetch of one takes one message per poll.
        "task_acks_late": False,
        "worker_prefetch_multiplier": 8,
        "broker_transport_options": {
            "data_folder_in": str(messages),
            "data_folder_out": str(messages),
            "control_folder": str(control),
            "store_processed": False,
            "polling_interval": 0.1,  # 50 ms on average until a message is seen
        },
    }


def make_app(config: Config) -> Celery:
    """Celery on this configuration."""
    app = Celery("graftlog")
    app.conf.update(SETTINGS | broker(config))
    return app


def _quiet(logger: logging.Logger, **_: Any) -> None:
    """A tick a second is not news; what a pump did is logged by its task. Nothing is told in the words of an error."""
    for handler in logger.handlers:
        handler.setFormatter(logs.OneLine("[%(asctime)s: %(levelname)s/%(processName)s] %(message)s"))
    logs.catch_the_rest()
    for name in ("celery.worker.strategy", "celery.worker.request", "celery.app.trace", "celery.beat"):
        logger.manager.getLogger(name).setLevel(logging.WARNING)


def _in_a_line(record: logging.LogRecord) -> bool:
    """Beat prints a hundred lines for each tick that it cannot send, and a frozen broker fails every one of them."""
    if record.exc_info and record.exc_info[1]:
        record.msg, record.args = "no tick could be sent (%s); workers look for themselves", (str(record.exc_info[1]),)
        record.exc_info = None
    return True


logging.getLogger("celery.beat").addFilter(_in_a_line)
logging.getLogger("celery.app.trace").addFilter(logs.tasks_in_short)
after_setup_logger.connect(_quiet)
after_setup_task_logger.connect(_quiet)
warnings.filterwarnings("ignore", category=SecurityWarning)  # about root and pickle; only JSON is read
try:
    app = make_app(from_environment())
except ConfigError as error:
    sys.exit(f"Configuration:\n{error}")
