"""Putting sentences together for one matter in one place."""

from dataclasses import dataclass

from numpy.random import Generator

from shaodao.places.models import Building
from shaodao.reports.policy import Channel
from shaodao.town import sayings
from shaodao.town.sayings import SAYINGS, pick


@dataclass(frozen=True)
class Matter:
    """What one report is about, in words."""

    category: str
    where: str
    said: str
    title: str
    reply: str
    quantity: int


def tell(category: str, channel: Channel, building: Building, rng: Generator) -> Matter:
    """Return the words of a matter near a building, as its channel would have them."""
    says = SAYINGS[category]
    quantity = int(rng.integers(1, says.most + 1))
    where = near(building, rng)
    slots = {"w": where, "t": pick(rng, sayings.TIMES), "n": max(quantity, 2)}
    opening = {
        Channel.PATROL: sayings.FOUND,
        Channel.PHONE: sayings.BY_PHONE,
        Channel.ON_BEHALF: sayings.ON_BEHALF,
    }.get(channel, sayings.OPENINGS)
    said = pick(rng, opening) + pick(rng, says.said).format(**slots)
    if rng.random() < 0.72:
        said += "，" + pick(rng, says.effect)
    said += "。"
    if channel != Channel.PATROL:
        said += pick(rng, sayings.ASKS)
    title = pick(rng, says.title).format(**slots)
    parts = (
        pick(rng, sayings.REPLY_OPENINGS),
        pick(rng, says.did).format(**slots) + "。",
        pick(rng, sayings.REPLY_CLOSINGS),
    )
    return Matter(category, where, said, title, "".join(parts), quantity)


def near(building: Building, rng: Generator) -> str:
    """Say where something is as people do: by an estate, a street or a tree."""
    estate = building.compound.name
    if building.address.startswith(("古陂", "新屋", "李田")):
        if estate.endswith("屋场"):
            return pick(rng, sayings.NEAR_HAMLET).format(c=estate)
        return pick(rng, sayings.NEAR[2:6]).format(c=estate)
    street = building.address.split(estate)[0].rstrip("0123456789号")
    return pick(rng, sayings.NEAR).format(c=estate, b=building.name, s=street)
