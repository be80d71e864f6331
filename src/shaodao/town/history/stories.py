"""The road that got its lamps: told once in the past, so that another can be walked by hand."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from numpy.random import Generator

from shaodao.cores.geodesy import LonLat, line_length_m
from shaodao.people.policy import Role
from shaodao.places.queries import locate
from shaodao.reports.models import Photo
from shaodao.reports.policy import Channel, PlaceBy

from .life import Life
from .pen import Pen
from .reporting import Reporting
from .world import World

SAID = (
    "从圩上到我们屋场两公里左右的路一直没有路灯，冬天放学天就黑了，孩子和老人走夜路都靠手电，"
    "上个月还有人骑车冲进了水沟。大家都盼着装上灯。"
)
REPLY = (
    "您好，您反映的连心路照明问题已解决。我们当天到现场沿路量了距离，随后争取到乡村道路亮化项目资金，"
    "党员群众自愿捐款补足差额，施工队三天装好太阳能路灯九十盏，昨晚全线亮灯。收支明细已在村务公开栏张贴。"
)
LAMPS, YUAN_A_LAMP = 90, 1860
DONATED = 41_280  # yuan; the project paid the rest


def tell_of_the_lit_road(
    world: World, pen: Pen, rng: Generator, *, road: Sequence[LonLat], at: datetime, now: datetime
) -> Life:
    """Let the village's road be reported at `at` and be lit five days later."""
    line = [degree for point in road for degree in point]
    middle = road[len(road) // 2]
    grid_id, unit_id = locate(*middle)
    grid = next(g for g in world.grids if g.pk == grid_id)
    reporting = Reporting(world, pen, rng)
    report, matter = reporting.report(at, grid=grid, category="ROAD_UNLIT", channel=Channel.WEB)
    pen.rows[Photo] = [photo for photo in pen.rows[Photo] if photo.report is not report]
    report.text, report.place, report.asset = SAID, PlaceBy.LINE.value, None
    report.line, report.length_m = line, line_length_m(list(road))
    report.household = report.building = None
    report.address, (report.lon, report.lat) = "", middle
    shown = _photograph(pen, report, at, is_after=False)
    pen.add(Photo(report=report, file=shown.file, width=shown.width, height=shown.height, rank=0))

    life = Life(world, pen, report, "连心路两公里没有路灯", now, is_hazard=True)
    life.begin()
    town, worker = life.case.desk, world.people(world.units[unit_id], Role.GRID_WORKER)[0]
    clerk = world.people(town, Role.INTAKE)[0]
    category = report.category

    def after(**delay: float) -> datetime:
        moment = at + timedelta(**delay)
        life.sweep(moment)
        return moment

    life.move("file", clerk, after(minutes=32), category=category, is_hazard=True)
    life.move("dispatch", clerk, after(minutes=47), unit=world.units[unit_id])
    life.move("accept", worker, after(minutes=58))
    arrived = _photograph(pen, report, at, is_after=False)
    life.move("arrive", worker, after(hours=1, minutes=41), photo=[arrived])
    second = reporting.again(report, matter, after(hours=3), Channel.PHONE)
    second.text = "来电反映：连心路那段没有路灯，晚上接孙子放学看不见路，盼着早点装上。"
    life.join(second, after(hours=3))
    life.move(
        "answer", worker, after(hours=5), reply="今晚在祠堂开屋场会，商量装灯的事，欢迎来听。"
    )
    cost = LAMPS * YUAN_A_LAMP
    life.move(
        "raise_funds", worker, after(days=1, hours=3), source="PROJECT", yuan=cost - DONATED,
        note="乡村道路亮化项目",
    )  # fmt: skip
    life.move(
        "raise_funds", worker, after(days=1, hours=9), source="DONATION", yuan=DONATED,
        note="党员群众一百一十六户自愿捐款",
    )  # fmt: skip
    done = after(days=4, hours=13)
    picture = _photograph(pen, report, done, is_after=True)
    homes = sum(
        len(world.households.get(g.pk, ())) for g in world.grids if g.code[:12] == grid.code[:12]
    )
    life.move(
        "handle", worker, done, reply=REPLY, solved_by="PARTY_MEMBER",
        outcome=world.outcomes["INSTALLED"], quantity=LAMPS, cost_yuan=cost, n_households=homes,
        after_photo=[picture], compounds=world.compounds[world.at(grid.unit, "COMMUNITY").pk],
    )  # fmt: skip
    verifier = world.people(town, Role.VERIFIER)[0]
    note = "沿线清点九十盏，全部亮灯，间距均匀。"
    life.move("verify", verifier, after(days=4, hours=22), note=note)
    life.move("close", clerk, after(days=5), category=category)
    life.move("confirm", None, after(days=5, hours=3), report=report)
    life.rate(report, 5, "五天就亮了，晚上出门不怕了。", after(days=5, hours=3.2))
    life.rate(life.others[0], 5, "钱是大家一起凑的，花得明明白白。", after(days=5, hours=12))
    life.release(clerk, after(days=5, hours=14), REPLY, shown.file, picture.file)
    life.end()
    return life


def _photograph(pen: Pen, report, at: datetime, *, is_after: bool):
    return pen.photograph("lamp", 1, is_after, at.date())
