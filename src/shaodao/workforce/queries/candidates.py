"""Selections, their candidates' points line by line, and the comments on a public notice."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from shaodao.cores.redaction import redact
from shaodao.people.models import Post, User
from shaodao.people.policy import Level
from shaodao.workforce import policy
from shaodao.workforce.models import Candidate, Comment, Criterion, Home, Mark, Selection

from .appraisal import line_from
from .charges import nearest

_CADRE_LEVELS = frozenset({Level.COMMUNITY, Level.TOWNSHIP, Level.COUNTY})


@dataclass(frozen=True)
class Ranked:
    """A candidate with a place in the order and how it came about."""

    candidate: Candidate
    lines: list[policy.Line]
    total: float
    is_preferred: bool  # party member or cadre: 优先考虑
    place: int

    @property
    def n_unmarked(self) -> int:
        return sum(line.points is None for line in self.lines)


def criteria_on(on: date, unit_ids: list[int]) -> list[policy.Criterion]:
    """Return the published criteria in force on a day in a place."""
    rows = nearest(Criterion.objects.in_force(on), unit_ids)
    return [
        policy.Criterion(row.code, row.label, row.weight, policy.Basis(row.basis))
        for row in rows
        if row.weight
    ]


def ranking_of(selection: Selection, *, on: date) -> list[Ranked]:
    """Return the candidates of a selection in their order; once published, as published."""
    rows = list(selection.candidates.select_related("person").order_by("pk"))
    criteria = criteria_on(on, selection.grid.unit.ancestor_ids)
    facts = facts_of(selection, [row.person for row in rows], on=on)
    marks: dict[int, dict[str, tuple[int, str]]] = {}
    for mark in Mark.objects.filter(candidate__in=rows):
        marks.setdefault(mark.candidate_id, {})[mark.code] = (mark.mark, mark.said)
    found = []
    for row in rows:
        own = facts[row.person_id]
        lines = [line_from(line) for line in row.published] or policy.lines_of(
            criteria, own, marks.get(row.pk, {})
        )
        found.append((row, lines, policy.total_of(lines), own.is_party_member or own.is_cadre))
    order = policy.ranked(
        [(total, preferred, n) for n, (_, _, total, preferred) in enumerate(found)]
    )
    return [Ranked(*found[n], place) for place, n in enumerate(order, start=1)]


def facts_of(selection: Selection, people: list[User], *, on: date) -> dict[int, policy.Facts]:
    """Return what is known of some candidates: membership, posts, home."""
    posts: dict[int, list[Post]] = {}
    for post in Post.objects.filter(user__in=people).select_related("unit"):
        posts.setdefault(post.user_id, []).append(post)
    homes = Home.objects.filter(person__in=people, building__grid=selection.grid)
    here = set(homes.values_list("person", flat=True))
    return {
        person.pk: policy.Facts(
            is_party_member=person.is_party_member,
            is_cadre=any(
                _stands(p, on) and p.unit.level in _CADRE_LEVELS for p in posts.get(person.pk, [])
            ),
            lives_here=person.pk in here,
            years=max(
                ((on - p.since).days / 365.25 for p in posts.get(person.pk, [])), default=0.0
            ),
        )
        for person in people
    }


def _stands(post: Post, on: date) -> bool:
    return post.since <= on and (post.until is None or post.until > on)


def selections_for(user) -> QuerySet[Selection]:
    """Return the selections under `user`'s posts, the latest first, with their comments counted."""
    rows = Selection.objects.visible_to(user).select_related("grid__unit__parent", "chosen")
    return rows.annotate(
        n_candidates=Count("candidates", distinct=True),
        n_waiting=Count("comments", filter=Q(comments__answered_at=None), distinct=True),
    )


def found_by(user, text: str) -> User | None:
    """Return the one person under `user`'s posts that a name, user name or phone can only mean."""
    rows = User.objects.visible_to(user).filter(is_active=True)
    exact = list(rows.filter(Q(username=text) | Q(phone=text) | Q(name=text))[:2])
    return exact[0] if len(exact) == 1 else None


def public_selection(pk: int) -> Selection | None:
    """Return a selection on public notice, for everybody."""
    rows = Selection.objects.public().select_related("grid__unit__parent", "chosen")
    return rows.filter(pk=pk).first()


def notices_on(on: date, *, grid: int | None = None) -> list[Selection]:
    """Return the selections on notice today, of one grid if one is given."""
    rows = Selection.objects.filter(status="NOTICE", notice_from__lte=on, notice_until__gt=on)
    if grid is not None:
        rows = rows.filter(grid=grid)
    return list(rows.select_related("grid__unit__parent").order_by("notice_until", "pk"))


def shown_comments(selection: Selection) -> list[tuple[Comment, str]]:
    """Return the comments with their text as everybody may read it: names and numbers taken out."""
    rows = selection.comments.order_by("at", "pk")
    return [(row, redact(row.text).text) for row in rows]
