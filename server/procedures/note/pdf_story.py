"""What the PDF tells, part by part, as flowables."""

from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Spacer

from schemas.vocabulary import FaceView
from server.procedures.note import layout
from server.procedures.note.facemap import CAPTIONS, DRAWINGS
from server.procedures.note.pdf_figures import Bar, Disc, Face
from server.procedures.note.pdf_style import (
    ACCENT,
    ALARM,
    ALARMED,
    BODY,
    COLUMN,
    COLUMN_RIGHT,
    DRAWN,
    HEADING,
    LABEL,
    LOST,
    MUTED,
    NAME,
    PALE,
    RIGHT,
    RIGHT_STRONG,
    SMALL,
    STATE,
    STRONG,
    SUBHEADING,
    SUBTITLE,
    SUMMARY,
    TINT,
    TITLE,
    para,
)
from server.procedures.note.pdf_table import PLAIN, RULED, UNDER_HEADER, Cell, Rows, blocks, table

Document = dict[str, Any]
WIDTH = 176 * mm


def story(document: Document, *, lost: bool) -> list[Flowable]:
    """All parts in order. `lost`: some characters could not be printed."""
    parts = [_head, _items, _balance, _scars, _face_map, _timeline, _checklist, _photos, _exceptions, _retracted, _addenda, _signature]
    flow = [one for part in parts for one in part(document)]
    if lost:
        text = f"{LOST} stands for a character that this PDF cannot print. The note as a web page and as JSON has it."
        flow.append(para(text, SMALL))
    return flow


def _title(name: str) -> Flowable:
    return para(layout.HEADINGS[name], HEADING)


def _heading(name: str, room: float = 30 * mm) -> Iterator[Flowable]:
    yield CondPageBreak(room)
    yield _title(name)


def _head(document: Document) -> Iterator[Flowable]:
    titles = [para(document["title"], TITLE), para(document["procedure"]["title"], SUBTITLE)]
    yield table(
        [[titles, para(document["procedure"]["state"], STATE)]], (124 * mm, 52 * mm), [*PLAIN, ("TOPPADDING", (-1, 0), (-1, 0), 3 * mm)]
    )
    if document["procedure"]["closed_reason"]:
        yield para(f"{document['procedure']['state']}: {document['procedure']['closed_reason']}", ALARMED)
    yield Spacer(1, 2 * mm)
    rows: list[list[Cell]] = []
    for (left, patient), (right, procedure) in layout.identity(document):
        rows.append([para(left, LABEL), para(patient, BODY if rows else NAME), para(right, LABEL), para(procedure)])
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, -1), PALE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3 * mm),
        ("RIGHTPADDING", (0, 0), (-1, -1), 1 * mm),
        ("TOPPADDING", (0, 0), (-1, -1), 0.7 * mm),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0.7 * mm),
        ("TOPPADDING", (0, 0), (-1, 0), 2.2 * mm),
        ("BOTTOMPADDING", (0, -1), (-1, -1), 2.2 * mm),
    ]
    yield table(rows, (22 * mm, 66 * mm, 28 * mm, 60 * mm), style)
    yield Spacer(1, 1.5 * mm)
    yield para(f"{document['clinic']['name']}, phone {document['clinic']['phone']}. {document['zone']}", SMALL)
    yield para(document["summary"], SUMMARY)


def _items(document: Document) -> Iterator[Flowable]:
    yield from _heading("items")
    rows = Rows()
    for item in document["items"]:
        number = "" if item["number"] is None else str(item["number"])
        rows.add((para(number, LABEL), para(item["label"], LABEL)), item["value"], style=BODY if item["recorded"] else LABEL)
    yield rows.table(8 * mm, 44 * mm, 124 * mm)


def _facts(facts: Sequence[dict[str, str]]) -> str:
    return "  ·  ".join(f"{one['label']}: {one['text']}" for one in facts)


def _balance(document: Document) -> Iterator[Flowable]:
    rows = document["balance"]["rows"]
    width = 100 * mm
    cells: list[list[Cell]] = []
    for row, share in zip(rows, layout.bars(rows), strict=True):
        colour = ALARM if (row["ml"] or 0) < 0 else ACCENT if row["of_nanofat"] else TINT
        cells.append([para(row["label"], LABEL), para(row["text"], RIGHT_STRONG), Bar(share, width, colour)])
    style = [
        *PLAIN,
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 0.5 * mm),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5 * mm),
    ]
    facts = para(_facts(document["balance"]["yields"]), SMALL)
    yield KeepTogether([_title("balance"), table(cells, (48 * mm, 28 * mm, width), style), Spacer(1, 1.5 * mm), facts])


def _scars(document: Document) -> Iterator[Flowable]:
    yield from _heading("scars")
    if not document["scars"]["rows"]:
        yield para(layout.EMPTY["scars"])
        return
    columns = [para(label, COLUMN_RIGHT if name in layout.QUANTITIES else COLUMN) for name, label in layout.SCARS]
    rows: list[list[Cell]] = [[para("No.", COLUMN), para("Scar", COLUMN), *columns]]
    for row in document["scars"]["rows"]:
        values = [para(row[name], RIGHT if name in layout.QUANTITIES else BODY) for name, _ in layout.SCARS]
        rows.append([Disc(row["number"]), [para(row["label"], STRONG), para(row["where"], SMALL)], *values])
    total = document["scars"]["total"]
    sums = [para(total[name], RIGHT_STRONG) for name in layout.QUANTITIES]
    rows.append(["", para("All scars", STRONG), *sums, "", "", ""])
    style = [
        *RULED,
        ("RIGHTPADDING", (0, 0), (3, -1), 1 * mm),
        UNDER_HEADER,
        ("LINEBELOW", (0, -2), (-1, -2), 0.8, DRAWN),
    ]
    yield table(rows, [width * mm for width in (8, 43, 17, 17, 20, 25, 23, 23)], style, header=1)


def _face_map(document: Document) -> Iterator[Flowable]:
    views = (FaceView.RIGHT, FaceView.FRONT, FaceView.LEFT)
    width = 44 * mm
    faces = [Face(DRAWINGS[view], layout.marks_of(document, view), CAPTIONS[view], width) for view in views]
    style = [("ALIGN", (0, 0), (-1, -1), "CENTER"), ("TOPPADDING", (0, 0), (-1, -1), 0)]
    legend = [para(layout.SIDES, SMALL)]
    for title, marks in ((layout.PLACED, document["face_map"]["points"]), (layout.UNPLACED, document["face_map"]["unplaced"])):
        if marks:
            legend.append(para(f"{title}: " + "; ".join(f"{one['number']} {one['label']}" for one in marks)))
    yield KeepTogether([_title("face_map"), table([faces], [WIDTH / 3] * 3, style), Spacer(1, 1 * mm), *legend])


def _timeline(document: Document) -> Iterator[Flowable]:
    timeline = document["timeline"]
    yield from _heading("timeline", 60 * mm)
    yield para(timeline["note"], SMALL)
    yield para(_facts(timeline["durations"]), SMALL)
    yield Spacer(1, 1 * mm)
    if timeline["rows"]:
        rows = Rows(*(para(text, COLUMN) for text in ("Time", "What", "Recorded by")))
        for row in timeline["rows"]:
            rows.add((para(row["time"], STRONG),), [row["text"]], (para(row["by"], LABEL),))
        first = (14 if all(len(row["time"]) == len("09:30") for row in timeline["rows"]) else 36) * mm
        yield rows.table(first, WIDTH - first - 30 * mm, 30 * mm)


def _checklist(document: Document) -> Iterator[Flowable]:
    yield from _heading("checklist")
    rows = Rows()
    for phase in document["checklist"]:
        rows.add((para(phase["phase"], LABEL),), [phase["answered"], *phase["lines"]])
    yield rows.table(22 * mm, 154 * mm)


def _photos(document: Document) -> Iterator[Flowable]:
    yield from _heading("photos")
    yield para(document["photos"]["text"])
    for one in document["photos"]["rows"]:
        yield from _remark(f"{one['text']} {one['hash']}", one["standing"])


def _exceptions(document: Document) -> Iterator[Flowable]:
    yield from _heading("exceptions")
    incidents, warnings = document["exceptions"]["incidents"], document["exceptions"]["warnings"]
    if incidents:
        yield para("Incidents", SUBHEADING)
        for one in incidents:
            yield from _remark(one["text"], f"{one['time']}, {one['by']}", ALARMED)
    else:
        yield para(layout.EMPTY["incidents"])
    if warnings:
        yield para("Warnings", SUBHEADING)
        for one in warnings:
            yield from _remark(one["text"], one["detail"])
    else:
        yield para(layout.EMPTY["warnings"])


def _remark(text: str, detail: str, style: ParagraphStyle = BODY, *, struck: bool = False) -> Iterator[Flowable]:
    for piece in blocks(text):
        yield para(piece, style, struck=struck)
    if detail:
        yield para(detail, SMALL)
    yield Spacer(1, 1.4 * mm)


def _retracted(document: Document) -> Iterator[Flowable]:
    yield from _heading("retracted")
    for one in document["retracted"]:
        by = f"Recorded {one['time']} by {one['by']}. Retracted {one['retracted_at']} by {one['retracted_by']}: {one['reason']}"
        yield from _remark(one["text"], by, struck=True)
    if not document["retracted"]:
        yield para(layout.EMPTY["retracted"])


def _addenda(document: Document) -> Iterator[Flowable]:
    yield from _heading("addenda")
    for one in document["addenda"]:
        yield from _remark(one["text"], f"Signed by {one['name']}, {one['at']}. Key {one['key_id']}, signature {one['signature']}")
    if not document["addenda"]:
        yield para(layout.EMPTY["addenda"])


def _signature(document: Document) -> Iterator[Flowable]:
    signature = document["signature"]
    if signature is None:
        inside = [para(layout.EMPTY["signature"], ALARMED)]
    else:
        inside = [para(signature["name"], NAME), para(f"{signature['meaning']}, {signature['at']}")]
        inside.append(para(f"{signature['covers']} Key {signature['key_id']}, signature {signature['signature']}", SMALL))
        inside.append(para(signature["checkpoint"], SMALL))
    edge = [
        ("BOX", (0, 0), (-1, -1), 0.8, MUTED),
        ("LEFTPADDING", (0, 0), (-1, -1), 4 * mm),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5 * mm),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3 * mm),
    ]
    yield KeepTogether([_title("signature"), table([[inside]], (WIDTH,), edge), Spacer(1, 2 * mm), para(document["as_of"], SMALL)])
