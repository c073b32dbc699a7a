"""Two sentences that say what was done; written from the entries, so they know as much as the entries and no more."""

from schemas.vocabulary import EntryKind, ProcedureState
from server.procedures.note.case import Case
from server.procedures.note.items import injected, made
from server.procedures.note.words import NOT_RECORDED, amount, counted, day, joined, listed, plain, sentence

_MOST_NAMED = 4
_NOT_DONE = {
    ProcedureState.CANCELLED: "was cancelled",
    ProcedureState.ABANDONED: "was abandoned before any injection",
    ProcedureState.ENTERED_IN_ERROR: "was entered in error",
}


def summary(case: Case) -> str:
    """Both sentences."""
    return f"{sentence(_given(case))} {sentence(_origin(case))}"


def _given(case: Case) -> str:
    procedure, scars = case.record.procedure, injected(case)
    if not scars:
        fate = _NOT_DONE.get(procedure.state)
        planned = f"The procedure planned for {day(case.here(procedure.planned_for))}"
        if fate is None:
            return f"{planned} has no injection recorded"
        return f"{planned} {fate}: {procedure.closed_reason or 'reason ' + NOT_RECORDED}"
    each = "; ".join(f"{case.label(scar_id)} {amount(ml, 'mL')}" for scar_id, ml in scars[:_MOST_NAMED])
    detail = f" ({each})" if len(scars) <= _MOST_NAMED else ""
    total = amount(case.totals["injected_ml"], "mL")
    return f"On {day(case.date)} {case.record.surgeon.name} injected {total} of nanofat into {counted(len(scars), 'scar')}{detail}"


def _origin(case: Case) -> str:
    totals, incidents = case.totals, case.of(EntryKind.INCIDENT)
    kinds = dict.fromkeys(plain(fact["incident"]) for fact in incidents)
    verb = "is" if len(incidents) == 1 else "are"
    trouble = f"{counted(len(incidents), 'incident')} {verb} recorded ({listed(list(kinds))})" if incidents else "no incident is recorded"
    if not case.of(EntryKind.HARVEST, EntryKind.PREPARATION, EntryKind.EMULSIFICATION, EntryKind.FILTRATION):
        return (
            f"How the nanofat was made is {NOT_RECORDED}, and {trouble}"
            if injected(case)
            else f"No fat was recorded as drawn or prepared, and {trouble}"
        )
    sites = listed(list(dict.fromkeys(plain(fact["site"]) for fact in case.of(EntryKind.HARVEST))))
    drawn = f"from {amount(totals['lipoaspirate_ml'], 'mL')} of lipoaspirate" if sites else f"from lipoaspirate {NOT_RECORDED}"
    fat = f"{amount(totals['fat_ml'], 'mL')} of fat" if totals["fat_ml"] is not None else f"fat fraction {NOT_RECORDED}"
    nanofat = totals["nanofat_ml"]
    start = (
        f"{amount(nanofat, 'mL')} of nanofat was made" if nanofat is not None else f"The volume of nanofat made is {NOT_RECORDED}; it came"
    )
    source = f"{joined((drawn, f'({sites})' if sites else None), ' ')}: {fat}, {made(case)}"
    discarded = totals["discarded_ml"]
    thrown = f"{amount(discarded, 'mL')} of nanofat was discarded" if discarded is not None else "no discarded nanofat is recorded"
    return f"{start} {source}; {thrown}, and {trouble}"
