"""procrastinate's empty fetch at 0 and 100 000 future jobs. Run by a Python that has it, with a server's address; prints JSON."""

import asyncio
import importlib
import json
import statistics
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlsplit, urlunsplit

MANY = 100_000
FUTURE = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at) "
    f"SELECT 'default', 'remind', '{{}}', now() + n * interval '1 minute' FROM generate_series(1000, {1000 + MANY - 1}) n"
)


async def _fetches(app: Any, times: int) -> float:
    worker_id = await app.job_manager.register_worker()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        job = await app.job_manager.fetch_job(queues=None, worker_id=worker_id)
        took.append((time.perf_counter() - began) * 1000)
        if job is not None:
            raise RuntimeError("nothing should be due")
    return statistics.median(took[5:])


async def _measure(url: str) -> dict[str, Any]:
    library: Any = importlib.import_module("procrastinate")
    async with library.App(connector=library.PsycopgConnector(conninfo=url)).open_async() as app:
        await app.schema_manager.apply_schema_async()
        none = await _fetches(app, 100)
        await app.connector.execute_query_async(FUTURE)
        await app.connector.execute_query_async("ANALYZE")
        return {"version": library.__version__, "none_ms": none, "many_ms": await _fetches(app, 60), "many": MANY}


def main() -> None:
    """In a database of its own."""
    psycopg: Any = importlib.import_module("psycopg")
    name = f"procrastinate_bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(sys.argv[1], autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            print(json.dumps(asyncio.run(_measure(urlunsplit(urlsplit(sys.argv[1])._replace(path=f"/{name}"))))))
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


if __name__ == "__main__":
    main()
