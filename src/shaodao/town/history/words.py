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


def tell(
    category: str, channel: Channel, building: Building, rng: Generator, *, where: str = ""
) -> Matter:
    """Return the words of a matter near a building, as its channel would have them.

    where : the place as somebody has called it already
    """
    says = SAYINGS[category]
    quantity = int(rng.integers(1, says.most + 1))
    where = where or near(building, rng, is_indoors=category in sayings.INDOORS)
    slots = {
        "w": where,
        "t": pick(rng, sayings.WHEN),
        "d": pick(rng, sayings.HOW_LONG),
        "n": max(quantity, 2),
    }
    opening = {
        Channel.PATROL: sayings.FOUND,
        Channel.PHONE: sayings.BY_PHONE,
        Channel.ON_BEHALF: sayings.ON_BEHALF,
    }.get(channel, sayings.OPENINGS)
    nth = int(rng.integers(len(says.said)))
    said = pick(rng, opening) + says.said[nth].format(**slots)
    effect = pick(rng, says.effect)
    if effect and rng.random() < 0.72:
        said += "，" + effect
    said += "。"
    if channel != Channel.PATROL:
        said += pick(rng, sayings.ASKS_POLITELY if says.scene == "talk" else sayings.ASKS)
    is_service = says.scene == "talk" and category != "DISPUTE"
    openings = sayings.REPLY_OPENINGS_SERVICE if is_service else sayings.REPLY_OPENINGS
    title, did = (
        options[nth] if len(options) == len(says.said) else pick(rng, options)
        for options in (says.title, says.did)
    )
    reply = pick(rng, openings) + did.format(**slots) + "。" + pick(rng, sayings.REPLY_CLOSINGS)
    return Matter(category, where, said, title.format(**slots), reply, quantity)


def near(building: Building, rng: Generator, *, is_indoors: bool = False) -> str:
    """Say where something is as people do: by an estate, a street or a tree."""
    estate = building.compound.name
    if estate.endswith("屋场"):
        return estate if is_indoors else pick(rng, sayings.NEAR_HAMLET).format(c=estate)
    if is_indoors:
        return pick(rng, sayings.NEAR_HOME).format(c=estate, b=building.name)
    if building.address.startswith("古陂"):
        return pick(rng, sayings.NEAR[2:6]).format(c=estate)
    street = building.address.split(estate)[0].rstrip("0123456789号")
    return pick(rng, sayings.NEAR).format(c=estate, b=building.name, s=street)
