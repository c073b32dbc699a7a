"""All tables in one place: importing this module registers every model, for migrations and for whoever needs the metadata."""

from server.clinics import credentials as _credentials
from server.clinics import models as _clinics
from server.db import Base
from server.followup import models as _followup
from server.journal import access as _access
from server.journal import models as _journal
from server.outcomes import models as _outcomes
from server.patients import models as _patients
from server.photos import models as _photos
from server.procedures import models as _procedures
from server.reports import models as _reports
from server.rights import models as _rights
from server.sync import models as _sync

FEATURES = (_access, _clinics, _credentials, _followup, _journal, _outcomes, _patients, _photos, _procedures, _reports, _rights, _sync)
metadata = Base.metadata
