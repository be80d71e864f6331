"""What the page of a case shows of its supervision."""

from shaodao.cases.models import Case
from shaodao.cases.policy import OPEN
from shaodao.kit.panels import Panel
from shaodao.people.models import User

from .models import Supervision
from .queries import author_unit_of


def of_case(case: Case, viewer: User) -> Panel | None:
    """Return the supervisions of a case with the button to issue one; None where neither is."""
    rows = list(Supervision.objects.filter(case=case).for_list().order_by("-issued_at", "-pk"))
    may_issue = case.status in OPEN and author_unit_of(viewer, case.area) is not None
    if not rows and not may_issue:
        return None
    return Panel("supervision/panel.html", {"rows": rows, "may_issue": may_issue})
