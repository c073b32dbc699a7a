"""The invented reports that the figures are drawn of, and how their drawings are read."""

import re
import xml.etree.ElementTree as ET

from server.reports.shape import Cohort
from server.web import cohort_example
from server.web.cohort_figures import figure

STUDY, LARGE, FEW, EMPTY = cohort_example.study(), cohort_example.large(), cohort_example.few(), cohort_example.empty()
STATES = {"study": STUDY, "large": LARGE, "few": FEW, "empty": EMPTY}
SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'


def drawn(cohort: Cohort, name: str) -> str:
    """All drawings of a figure."""
    return "".join(one.drawing for one in figure(cohort, name).pieces)


def root(markup: str) -> ET.Element:
    """Read as XML; raises for what is not."""
    return ET.fromstring(SVG.format(markup))


def cases(markup: str) -> list[str]:
    """Where the marks lead, in their order."""
    return re.findall(r'<a href="/procedures/([^"]+)"', markup)
