"""A street that whistles on a plot of waste land: three units, one of them above the district."""

from datetime import timedelta

import pytest

from shaodao.cases.policy import Status
from shaodao.whistles import actions
from shaodao.whistles.models import Whistle
from shaodao.whistles.policy import Aspect, Kind, Origin
from tests.town import MINUTE, MONDAY, SHANGHAI, Town

__all__ = ["SHANGHAI"]
FIVES = dict.fromkeys(Aspect, 5)


class Whistling:
    """The town with a whistle's people at hand; the clock goes on by `wait`."""

    def __init__(self, town: Town):
        self.town, self.at = town, MONDAY

    def wait(self, **span) -> None:
        self.at += timedelta(**span)

    def case(self, status=Status.FILED, **more):
        made = self.town.case(status, category="ROAD_DAMAGE", at=self.at, **more)
        self.at += 10 * MINUTE
        return made

    @property
    def units(self):
        return [self.town.city_company, self.town.city_bureau, self.town.housing]

    def draft(self, *, kind=Kind.HARD, case=None, units=None, lead=None, actor=None) -> Whistle:
        units = units or self.units
        return actions.draft(
            case=case or self.case(), kind=kind, origin=Origin.STREET, units=units,
            lead=lead or units[0], reason="桥头空地多年长草堆垃圾，一家街道清不动",
            actor=actor or self.town.dispatcher, at=self.at,
        )  # fmt: skip

    def move(self, whistle, name, actor=None, **evidence) -> Whistle:
        self.at += MINUTE
        chief = {"blow", "send_back", "decline", "confirm", "call_off"}
        by = actor or (self.town.chief if name in chief else self.town.dispatcher)
        return actions.move(whistle=whistle, name=name, actor=by, at=self.at, **evidence)

    def blown(self, **given) -> Whistle:
        whistle = self.draft(**given)
        if given.get("kind") == Kind.EMERGENCY:
            return self.move(whistle, "blow_now")
        return self.move(self.move(whistle, "submit"), "blow")

    def of(self, whistle, unit):
        return whistle.summonses.exclude(state="RELEASED").select_related("unit").get(unit=unit)

    def person(self, unit):
        town = self.town
        people = {
            town.city_company.pk: town.company_handler,
            town.city_bureau.pk: town.city_handler,
            town.housing.pk: town.handler,
            town.lighting.pk: town.lamp_handler,
            town.water.pk: town.water_handler,
        }
        return people[unit.pk]

    def answer(self, whistle, called, name, actor=None, **evidence):
        self.at += MINUTE
        return actions.answer(
            summons=self.of(whistle, called), name=name, actor=actor or self.person(called),
            at=self.at, **evidence,
        )  # fmt: skip

    def arrive(self, whistle, unit):
        """Let a unit report in where the matter is."""
        return self.answer(
            whistle, unit, "report_in", photo=[self.town.picture()], position=self.town.inside()
        )

    def confer(self, whistle, **given):
        due = (self.at + timedelta(days=14)).date()
        return self.move(
            whistle, "confer", **({"measures": "城投清场，城管清运", "due_on": due} | given)
        )  # fmt: skip

    def outcome(self, **given):
        return {
            "note": "改建成临时停车场", "reply": "地块已改建成临时停车场，欢迎使用。",
            "solved_by": "CADRE", "outcome": self.town.outcome("CONVERTED"), "quantity": 1,
            "after_photo": [self.town.picture("green")], "n_households": 320,
        } | given  # fmt: skip

    def hand_in(self, whistle, unit, **given):
        is_lead = self.of(whistle, unit).is_lead
        return self.answer(
            whistle, unit, "hand_in", **(self.outcome(**given) if is_lead else {"note": "做完了"})
        )  # fmt: skip

    def handled(self, **given) -> Whistle:
        """A whistle all units of which came and handed in."""
        whistle = self.blown(**given)
        for unit in self.units:
            self.arrive(whistle, unit)
        self.confer(whistle)
        for unit in reversed(self.units):
            self.hand_in(whistle, unit)
        whistle.refresh_from_db()
        return whistle

    def close(self, whistle, actor=None, **given):
        scores = {row.pk: FIVES for row in whistle.summonses.all()}
        return self.move(
            whistle, "close", actor=actor or self.town.verifier, scores=scores, note="现场验过"
        )  # fmt: skip


@pytest.fixture
def whistling(town) -> Whistling:
    return Whistling(town)
