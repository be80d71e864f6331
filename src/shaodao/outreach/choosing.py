"""What the forms of outreach offer to choose from."""

from django.utils.translation import gettext as _

from shaodao.people.models import Unit, posts_of
from shaodao.people.policy import Kind, Level
from shaodao.places.models import Compound
from shaodao.places.policy import NEED_LABELS
from shaodao.places.queries import round_of

from .policy import AUTHORS
from .showing import door_name

_CHOSEN = (Level.TOWNSHIP, Level.COMMUNITY, Level.GRID)
_DEPTH = {Level.COMMUNITY: "　", Level.GRID: "　　"}
MOST = 3000  # areas in one list


def units_to_speak_for(user) -> list[Unit]:
    """Return the areas `user` may write announcements for, the highest first."""
    units = [post.unit for post in posts_of(user) if post.role in AUTHORS]
    areas = {unit.pk: unit for unit in units if unit.kind == Kind.AREA}
    return sorted(areas.values(), key=lambda unit: unit.path)


def choices_for(user) -> dict[str, list]:
    """Return the choices of the announcement form for `user`."""
    units = units_to_speak_for(user)
    under = Unit.objects.under(units).areas().filter(level__in=_CHOSEN, valid_to=None)
    areas = under.order_by("code")[:MOST]
    communities = Unit.objects.under(units)
    compounds = Compound.objects.filter(community__in=communities).select_related("community")
    return {
        "units": [(unit.pk, unit.short_name) for unit in units],
        "areas": [(area.pk, f"{_DEPTH.get(area.level, '')}{area.short_name}") for area in areas],
        "compounds": [
            (one.pk, f"{one.community.short_name} {one.name}")
            for one in compounds.order_by("community__code", "name", "pk")[:MOST]
        ],
        "needs": [(code, _(label)) for code, label in NEED_LABELS.items()],
    }


def need_labels(codes) -> list[str]:
    """Return what needs are called."""
    return [_(NEED_LABELS[code]) for code in codes if code in NEED_LABELS]


def homes_of(user) -> dict[int, str]:
    """Return the households `user` is the contact worker of, by id."""
    return {home.pk: door_name(home) for home in round_of(user).homes}
