"""What is broken in a compound: written into its register and taken in as a case, in one."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from shaodao.places.actions import record_defect
from shaodao.places.models import Building, Compound, Defect
from shaodao.reports.actions import Said
from shaodao.reports.models import Category
from shaodao.reports.policy import Channel, PlaceBy

from .intake import Taken, take_in


@transaction.atomic
def report_defect(
    *,
    compound: Compound,
    category: Category,
    text: str,
    key: UUID,
    channel: Channel,
    actor,
    at: datetime,
    building: Building | None = None,
    is_hazard: bool = False,
) -> tuple[Defect, Taken]:
    """Write a defect of a compound down and open its case; a repeat of a key changes nothing.

    :raises shaodao.reports.policy.ReportRefused: naming the field and what is wrong with it.
    """
    address = building.address if building else f"{compound.community.short_name}{compound.name}"
    said = Said(
        key=key,
        channel=channel,
        text=text,
        place=PlaceBy.ADDRESS,
        category=category,
        lon=None if building else compound.lon,
        lat=None if building else compound.lat,
        building=building,
        address=address,
        is_hazard=is_hazard,
    )
    taken = take_in(said=said, actor=actor, at=at)
    defect = record_defect(
        compound=compound,
        category=category.pk,
        text=text,
        key=key,
        actor=actor,
        at=at,
        building=building,
    )
    return defect, taken
