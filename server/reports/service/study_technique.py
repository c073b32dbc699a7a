"""The statistician's tables of how it was done: one of each kind of entry, as recorded; what was typed freely is left out."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from schemas.entry_columns import STORED
from schemas.vocabulary import (
    Delivery,
    EmulsifyDevice,
    EntryKind,
    HarvestMethod,
    HarvestSite,
    InjectionEndpoint,
    InjectionTechnique,
    Plane,
    Separation,
    Side,
    WashSolution,
)
from server.db import table_of
from server.patients.models import Scar
from server.reports.service.cohort import Frame
from server.reports.service.study_columns import Column, Table, decimal, flag, millilitres, millimetres, number_of, whole, word

_S = table_of(Scar)
_PLACES = {"procedure_no": "procedure_id", "scar_no": "scar_id"} | {wire: column for wire, (column, _) in STORED.items()}
"""Our columns that entries have as their own; all others are in `details`, under the same name."""


def _entries(name: str, kind: EntryKind, *said: Column) -> Table:
    columns = (number_of("procedure"), *said)
    own = [_PLACES[one.name] for one in columns if one.name in _PLACES]

    def query(frame: Frame) -> sa.Select[Any]:
        chosen, facts = frame.procedures(), frame.standing()
        found = sa.select(*(facts.c[one] for one in own), facts.c.details).join(chosen, chosen.c.id == facts.c.procedure_id)
        if kind == EntryKind.INJECTION:
            found = found.join(_S, sa.and_(frame.of_clinic(_S), _S.c.id == facts.c.scar_id)).where(*frame.scar_filters())
        return found.where(facts.c.kind == kind).order_by(facts.c.procedure_id, facts.c.recorded_at, facts.c.id)

    def spread(row: sa.Row[Any]) -> Iterator[tuple[Any, ...]]:
        *stored, details = tuple(row)
        known = dict(zip(own, stored, strict=True))
        yield tuple(known[_PLACES[one.name]] if one.name in _PLACES else details.get(one.name) for one in columns)

    return Table(name, columns, query, spread)


HARVESTS = _entries(
    "harvests",
    EntryKind.HARVEST,
    word("site", "Donor site", HarvestSite),
    word("side", "The patient's own side", Side),
    millimetres("cannula_mm", "Outer diameter of the cannula"),
    decimal("port_mm", "Diameter of its ports", "mm"),
    whole("port_count", "Number of its ports"),
    word("method", "How it was drawn", HarvestMethod),
    decimal("syringe_ml", "Syringe", "mL"),
    decimal("negative_pressure_mmhg", "Negative pressure", "mm[Hg]"),
    millilitres("lipoaspirate_ml", "Drawn from this site"),
)
PREPARATIONS = _entries(
    "preparations",
    EntryKind.PREPARATION,
    word("separation", "How fat was separated from fluid", Separation),
    word("wash_solution", "Washed with", WashSolution),
    decimal("wash_ml", "Volume of it", "mL"),
    whole("wash_cycles", "How often"),
    decimal("decant_min", "Time to settle", "min"),
    decimal("centrifuge_g", "Relative centrifugal force", "g"),
    decimal("centrifuge_rpm", "Revolutions in a minute", "1/min"),
    decimal("rotor_radius_cm", "Radius of the rotor", "cm"),
    decimal("centrifuge_min", "Time in the centrifuge", "min"),
    millilitres("fat_ml", "Fat kept"),
)
EMULSIFICATIONS = _entries(
    "emulsifications",
    EntryKind.EMULSIFICATION,
    whole("stage", "Which stage, from 1"),
    word("device", "What the fat was passed through", EmulsifyDevice),
    millimetres("connector_mm", "Inner diameter of the connector"),
    whole("passes", "Transfers from syringe to syringe", "passes"),
)
FILTRATIONS = _entries(
    "filtrations",
    EntryKind.FILTRATION,
    flag("filtered", "Whether it was filtered"),
    whole("aperture_um", "Aperture of the filter", "µm"),
    whole("filter_passes", "Passes through it", "passes"),
    millilitres("additives_ml", "Volume of what was added"),
    millilitres("nanofat_ml", "Nanofat that came out"),
)
INJECTIONS = _entries(
    "injections",
    EntryKind.INJECTION,
    number_of("scar"),
    millilitres("volume_ml", "Placed"),
    word("plane", "Depth at which it was placed", Plane),
    word("delivery", "Needle, cannula or another way", Delivery),
    whole("needle_gauge", "Needle", "gauge"),
    millimetres("cannula_mm", "Outer diameter of the cannula"),
    word("technique", "How it moved", InjectionTechnique),
    flag("subcision", "Whether the scar was freed from below"),
    word("endpoint", "What told the surgeon to stop", InjectionEndpoint),
    decimal("depth_mm", "Depth of the tip", "mm"),
    decimal("bolus_ml", "Each bolus", "mL"),
    decimal("syringe_ml", "Syringe", "mL"),
)
