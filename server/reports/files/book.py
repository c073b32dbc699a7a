"""A report as a workbook: a sheet for each figure, its methods, its filters and lock."""

from dataclasses import astuple
from typing import IO

import xlsxwriter

from server.reports.files.table import COLUMNS, lines
from server.reports.methods import METHODS, about
from server.reports.shape import Cohort

_WIDE, _WIDER = 24, 120


def write(cohort: Cohort, file: IO[bytes]) -> None:
    """No text is ever taken for a formula or a link; rows go to the file as they come."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(file, options) as workbook:
        bold = workbook.add_format({"bold": True})
        by_figure: dict[str, list[tuple[object, ...]]] = {}
        for line in lines(cohort):
            by_figure.setdefault(line.figure, []).append(astuple(line)[1:])
        for figure, rows in by_figure.items():
            sheet = workbook.add_worksheet(figure.capitalize())
            sheet.set_column(0, 1, _WIDE)
            sheet.write_row(0, 0, COLUMNS[1:], bold)
            for place, row in enumerate(rows, 1):
                sheet.write_row(place, 0, row)
        methods = workbook.add_worksheet("Methods")
        methods.set_column(0, 0, _WIDER)
        for place, sentence in enumerate(METHODS):
            methods.write_string(place, 0, sentence)
        locked = workbook.add_worksheet("Filters and lock")
        locked.set_column(0, 1, _WIDE)
        for place, (name, value) in enumerate(about(cohort)):
            locked.write_row(place, 0, (name, value))
