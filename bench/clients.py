"""Load: client processes with one kept-alive connection each, bodies made before the clock starts."""

import http.client
import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from server.ids import uuid7

Request = tuple[str, str, bytes | None]
ENTRIES = 25


@dataclass(frozen=True)
class Run:
    """What a number of clients did together."""

    requests: int
    seconds: float
    latencies_ms: list[float]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """Latency in ms that `share` of the requests stayed below."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def case(patient_id: str, surgeon_id: str, scar_ids: Sequence[str]) -> list[Request]:
    """One case push: the header with its plan, then 25 entries; one request each."""
    begun = datetime.now(UTC).replace(microsecond=0)
    procedure_id = str(uuid7())
    planned = [{"scar_id": scar, "volume_ml": 0.8, "plane": "intradermal", "needle_gauge": 27} for scar in scar_ids]
    header = {
        "id": procedure_id,
        "patient_id": patient_id,
        "surgeon_id": surgeon_id,
        "planned_for": begun.isoformat(),
        "plan": {"harvest_site": "lower_abdomen", "passes": 60, "aperture_um": 500, "injections": planned},
    }
    entries = [
        {"id": str(uuid7()), "recorded_at": (begun + timedelta(seconds=number)).isoformat()} | one
        for number, one in enumerate(_entries(scar_ids))
    ]
    return [
        ("POST", "/api/v1/procedures", json.dumps(header).encode()),
        ("POST", f"/api/v1/procedures/{procedure_id}/entries", json.dumps(entries).encode()),
    ]


def _entries(scar_ids: Sequence[str]) -> list[dict[str, Any]]:
    checks = ("team_introduced", "patient_site_procedure", "surgeon_concerns", "anaesthesia_concerns", "sterility_equipment")
    entries: list[dict[str, Any]] = [{"kind": "checklist", "phase": "time_out", "item": item, "answer": "yes"} for item in checks]
    entries += [
        {
            "kind": "anaesthesia",
            "technique": "tumescent",
            "lidocaine_mg_per_l": 800,
            "adrenaline_mg_per_l": 1,
            "volume_ml": 80,
            "wait_min": 12,
        },
        {
            "kind": "harvest",
            "site": "lower_abdomen",
            "side": "midline",
            "cannula_mm": 2.4,
            "port_mm": 1.0,
            "method": "hand_syringe",
            "lipoaspirate_ml": 60,
        },
        {"kind": "preparation", "separation": "decant", "wash_solution": "saline", "wash_cycles": 2, "decant_min": 8, "fat_ml": 32},
        {"kind": "emulsification", "stage": 1, "device": "luer_luer", "connector_mm": 2.4, "passes": 30},
        {"kind": "emulsification", "stage": 2, "device": "luer_luer", "connector_mm": 1.2, "passes": 30},
        {"kind": "filtration", "filtered": True, "aperture_um": 500, "filter_passes": 1, "nanofat_ml": 12.0},
        {"kind": "discard", "volume_ml": 8.4, "reason": "not needed"},
        {"kind": "note", "topic": "findings", "text": "Scars level with the skin at the end."},
    ]
    injections = ENTRIES - len(entries)
    entries += [
        {
            "kind": "injection",
            "scar_id": scar_ids[number % 3],
            "volume_ml": 0.2,
            "plane": "intradermal",
            "delivery": "sharp_needle",
            "needle_gauge": 27,
        }
        for number in range(injections)
    ]
    return entries


def _client(port: int, token: str, work: list[Request], start: Any, results: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.connect()
    start.wait()
    began = time.monotonic()
    latencies = []
    for method, path, body in work:
        sent = time.monotonic()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        latencies.append((time.monotonic() - sent) * 1000)
    results.put((began, time.monotonic(), latencies))
    connection.close()


def together(target: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> Run:
    """Run `target(*arguments[i], start, results)` in a process each, let go at one moment; results are (began, ended, latencies)."""
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(len(arguments)), context.Queue()
    processes = [context.Process(target=target, args=(*one, start, results)) for one in arguments]
    for process in processes:
        process.start()
    got = [results.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    latencies = [one for _, _, many in got for one in many]
    return Run(len(latencies), max(ended for _, ended, _ in got) - min(began for began, _, _ in got), latencies)


def run(port: int, work: Sequence[tuple[str, list[Request]]]) -> Run:
    """One client per (token, requests)."""
    return together(_client, [(port, token, one) for token, one in work])
