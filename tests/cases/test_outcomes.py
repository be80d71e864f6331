"""What came of a case is counted once, however often it was handled."""

from shaodao.cases import actions
from shaodao.cases.models import Outcome
from tests.town import MINUTE, MONDAY


def test_handling_again_after_rework_replaces_the_outcome(town):
    case = town.case("HANDLED")
    again = MONDAY + 30 * MINUTE
    case = actions.move(case=case, name="rework", actor=town.verifier, at=again, note="只修了一半")
    actions.move(
        case=case, name="handle", actor=town.handler, at=again + MINUTE, reply="两处都修好了。",
        solved_by="CADRE", outcome=town.outcome(), quantity=2, after_photo=[town.picture()],
    )  # fmt: skip
    assert list(Outcome.objects.filter(case=case).values_list("quantity", flat=True)) == [2]
