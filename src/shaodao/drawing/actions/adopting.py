"""A draft adopted: places write the lists down, the workers are told, the cards set again."""

from collections import Counter
from datetime import datetime

from django.db import transaction

from shaodao.cores.wording import N_
from shaodao.drawing import policy
from shaodao.drawing.models import Drawing
from shaodao.drawing.queries.drafts import is_stale
from shaodao.drawing.queries.ground import ID
from shaodao.notices.actions import post
from shaodao.people.models import User
from shaodao.places.actions import assign_contacts
from shaodao.places.models import Household
from shaodao.workforce.actions.printing import ask_cards
from shaodao.workforce.policy import Paper

from .checking import locked, write_down

LINK = "/places/households/"  # where a worker's message leads


@transaction.atomic
def adopt(
    *, drawing: Drawing, actor: User, at: datetime, why: str, paper: Paper | None, site: str
) -> Drawing:
    """Let a draft's lists be the village's from today on, all of them or none.

    paper : what the cards that changed are set on again, None for later; site : what they lead to

    :raises DrawingRefused: no right, no reason, a list without worker, or households have changed.
    :raises PlaceRefused: if a worker is no longer of a grid.
    """
    row = locked(drawing, actor)
    policy.check_why(why)
    idle = [n + 1 for n, worker in enumerate(row.workers) if worker is None]
    if idle:
        lists = "、".join(map(str, idle))
        raise policy.DrawingRefused(N_("第 {lists} 份名单还没有网格员"), lists=lists)
    if is_stale(row):
        raise policy.DrawingRefused(N_("划分之后有户或联系人变了，请用“补划”重新开一份草稿"))
    given = [row.workers[a] for a in row.lot]
    changed = [i for i, worker in enumerate(given) if worker != row.was[i]]
    ids = [row.ground["homes"][i][ID] for i in changed]
    homes = Household.objects.in_bulk(ids)
    people = User.objects.in_bulk({given[i] for i in changed})
    assign_contacts(
        pairs=[(homes[pk], people[given[i]]) for pk, i in zip(ids, changed, strict=True)],
        community=row.community, actor=actor, at=at, why=why,
    )  # fmt: skip
    row.status, row.ended_at, row.n_moved = policy.Status.ADOPTED.value, at, len(changed)
    row.save(update_fields=["status", "ended_at", "n_moved"])
    write_down(
        row, "adopt_lists", actor=actor, at=at, why=why,
        moved=len(changed), lists=len(row.workers), by_hand=len(row.steps),
    )  # fmt: skip
    _tell(row, given, changed, at)
    if paper is not None and changed:
        ask_cards(unit=row.community, paper=paper, only_due=True, site=site, actor=actor, at=at)
    return row


def _tell(row: Drawing, given: list[int], changed: list[int], at: datetime) -> None:
    """Tell each worker whose list changed, in one message."""
    more = Counter(given[i] for i in changed)
    fewer = Counter(row.was[i] for i in changed if row.was[i])
    key = f"drawing:{row.pk}"
    told = []
    for worker in sorted(set(more) | set(fewer)):
        text = (
            f"{row.community.short_name}重新划定联系户名单：您新增 {more[worker]} 户，"
            f"移交 {fewer[worker]} 户，请按新名单上门认识"
        )
        told.append((f"{key}:{worker}", worker, "", text, LINK))
    post(told, about=key, at=at)
