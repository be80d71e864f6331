"""Showing a case to the public: only what staff release, without names, the place coarsened."""

from datetime import datetime

from django.db import transaction

from shaodao.cases import policy
from shaodao.cases.models import Case, Release
from shaodao.cases.queries import seats_of
from shaodao.cores import morton
from shaodao.cores.geodesy import coarsen
from shaodao.cores.redaction import redact
from shaodao.cores.wording import N_
from shaodao.people.policy import Role

from .casefile import open_file

COARSE_M = 100.0  # metres; a household cannot be told from its neighbours at this distance
_MAY_RELEASE = frozenset({Role.INTAKE, Role.DISPATCHER, Role.DUTY_CHIEF, Role.VERIFIER})


@transaction.atomic
def release(
    *, case: Case, title: str, text: str, actor, at: datetime, before: str = "", after: str = ""
) -> Release:
    """Show a case to the public with these words and pictures, what is personal taken out.

    before, after : files of this case's own pictures, or ''

    :raises policy.MoveRefused: if the actor has no desk over the case, or a picture is not its own.
    """
    file = open_file(case.pk)
    _check(actor, file)
    own = {*file.case.evidence.values_list("file", flat=True)}
    own |= set(file.case.reports.values_list("report__photos__file", flat=True))
    if not {before, after} - {""} <= own:
        raise policy.MoveRefused(N_("只能公开本案的照片"))
    lon = lat = None
    if case.lon is not None:
        lon, lat = coarsen(case.lon, case.lat, COARSE_M)
    row, _ = Release.objects.update_or_create(
        case=file.case,
        defaults={
            "title": redact(title).text[:80],
            "text": redact(text).text[:400],
            "lon": lon,
            "lat": lat,
            "zkey": morton.key(lon, lat) if lon is not None else None,
            "before": before,
            "after": after,
            "released_by": actor,
            "released_at": at,
            "concealed_at": None,
        },
    )
    file.record("release", at=at, actor_id=actor.pk, facts={"release": row.pk})
    file.save()
    return row


@transaction.atomic
def conceal(*, case: Case, actor, at: datetime) -> None:
    """Take a case off the public pages.

    :raises policy.MoveRefused: if the actor has no desk over the case.
    """
    file = open_file(case.pk)
    _check(actor, file)
    Release.objects.filter(case=file.case, concealed_at=None).update(concealed_at=at)
    file.record("conceal", at=at, actor_id=actor.pk, facts={})
    file.save()


def may_release(actor, case: Case) -> bool:
    """Tell whether `actor` may show `case` to the public."""
    seats = seats_of(actor, case, ())[policy.Over.DESK]
    return any(seat.role in _MAY_RELEASE for seat in seats)


def _check(actor, file) -> None:
    if not may_release(actor, file.case):
        raise policy.MoveRefused(N_("您的岗位不能公开案件"))
