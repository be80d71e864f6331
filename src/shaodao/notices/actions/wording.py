"""How a county says its notices: from a day on, with source and reason, never rewritten."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from shaodao.kit.versions import bump
from shaodao.notices import policy
from shaodao.notices.models import NoticeText
from shaodao.notices.rules import TEXTS
from shaodao.people.actions import check_actor, check_why, close, record
from shaodao.people.models import Unit, User
from shaodao.people.policy import Duty, check_start


@dataclass(frozen=True)
class NewText:
    """How a kind of notice is to be said; channel '' is any, unit None is everywhere."""

    kind: str
    text: str
    valid_from: date
    source: str
    channel: str = ""
    language: str = "zh-hans"
    unit: Unit | None = None


@transaction.atomic
def set_text(*, new: NewText, actor: User, at: datetime, why: str) -> NoticeText:
    """Say a kind of notice differently from a day on; the row in force is closed.

    :raises TextRefused: if a place is unknown, or one a reader needs is missing.
    :raises AccountRefused: if the actor may not, or the day is past.
    """
    check_actor(Duty.SET_NOTICE_TEXT, actor=actor, unit=new.unit)
    check_why(why)
    check_start(valid_from=new.valid_from, today=timezone.localdate(at))
    policy.check_text(new.kind, new.text)
    same = {key: getattr(new, key) for key in ("kind", "channel", "language", "unit")}
    closed = close(NoticeText.objects.filter(**same), on=new.valid_from)
    row = NoticeText.objects.create(**vars(new))
    bump(TEXTS)
    facts = {
        "row": row.pk,
        "closed": closed,
        "channel": new.channel,
        "language": new.language,
        "from": new.valid_from.isoformat(),
    }
    record(
        subject=f"notice_text:{new.kind}",
        name=Duty.SET_NOTICE_TEXT,
        actor=actor,
        at=at,
        facts=facts,
        why=why,
        unit=new.unit,
    )
    return row


@transaction.atomic
def end_text(*, row: NoticeText, until: date, actor: User, at: datetime, why: str) -> None:
    """End a county's own text on a day, after which the next wider one holds, or the product's.

    :raises AccountRefused: if the actor may not, or the day is past.
    """
    check_actor(Duty.SET_NOTICE_TEXT, actor=actor, unit=row.unit)
    check_why(why)
    check_start(valid_from=until, today=timezone.localdate(at))
    closed = close(NoticeText.objects.filter(pk=row.pk), on=until)
    bump(TEXTS)
    record(
        subject=f"notice_text:{row.kind}",
        name=Duty.SET_NOTICE_TEXT,
        actor=actor,
        at=at,
        facts={"closed": closed, "until": until.isoformat()},
        why=why,
        unit=row.unit,
    )
