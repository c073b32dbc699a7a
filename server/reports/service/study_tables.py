"""The statistician's tables, in the order in which they are written: study numbers are counted up along it."""

from server.reports.service.study_columns import Table
from server.reports.service.study_findings import ASSESSMENTS, COMPLICATIONS, MEASUREMENTS
from server.reports.service.study_outcomes import ANSWERS, RATINGS, REDNESS, RESPONSES, SCORES, VISITS
from server.reports.service.study_people import PATIENTS, PROCEDURES, SCARS, SESSIONS
from server.reports.service.study_technique import EMULSIFICATIONS, FILTRATIONS, HARVESTS, INJECTIONS, PREPARATIONS

_PEOPLE = (PATIENTS, PROCEDURES, SCARS, SESSIONS)
_TECHNIQUE = (HARVESTS, PREPARATIONS, EMULSIFICATIONS, FILTRATIONS, INJECTIONS)
_OUTCOMES = (VISITS, RESPONSES, ANSWERS, SCORES, REDNESS, RATINGS)
TABLES: tuple[Table, ...] = (*_PEOPLE, *_TECHNIQUE, *_OUTCOMES, ASSESSMENTS, COMPLICATIONS, MEASUREMENTS)
