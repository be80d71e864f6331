"""The people in the grids: posts they claim, lists they carry, cards, candidates, appraisal.

Only staff are described here. Households are named by id, and nothing about residents is judged.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from shaodao.people.models import Post, Unit, rules_over
from shaodao.places.models import Building, Grid, Household

from . import policy

USER = settings.AUTH_USER_MODEL


def _codes(enum):
    return [(code.value, code.name) for code in enum]


class DatedQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return what is set everywhere, and in places above or below the posts of `user`."""
        return self.filter(rules_over(user))

    def in_force(self, on):
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)


class DatedRow(models.Model):
    """A rule a county may change, from a date to a date, with its source."""

    code = models.CharField(max_length=16)
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField(default=0)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)  # exclusive
    source = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)  # as delivered, not yet confirmed

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.code} {self.valid_from}"


class Charge(DatedRow):
    """One of the six posts of every grid (六岗), as it is called from a date to a date."""

    name = models.CharField(max_length=20)  # 政策宣传岗
    holder_name = models.CharField(max_length=20)  # 政策宣传员
    what = models.CharField(max_length=120)  # what it is there for


class Criterion(DatedRow):
    """A published criterion candidates are ranked by (X42), with its weight."""

    label = models.CharField(max_length=40)
    weight = models.PositiveSmallIntegerField()  # points out of 100
    basis = models.CharField(max_length=12, choices=_codes(policy.Basis))


class Indicator(DatedRow):
    """What workers are appraised by; `code` is a policy.Figure."""

    weight = models.PositiveSmallIntegerField()  # points out of 100


class OfUnitQuerySet(models.QuerySet):
    """Rows that lie in a unit, whichever way `UNIT` names it."""

    def visible_to(self, user):
        """Return the rows of units under any unit where `user` holds a post."""
        return self.filter(**{f"{self.model.UNIT}__in": Unit.objects.visible_to(user)})


class HoldingQuerySet(OfUnitQuerySet):
    def visible_to(self, user):
        """Return one's own, and those of grids under any unit where `user` holds a post."""
        units = Unit.objects.visible_to(user)
        return self.filter(Q(person=user) | Q(grid__unit__in=units))

    def held(self):
        return self.filter(status__in=sorted(policy.HELD))

    def standing(self):
        return self.filter(status__in=sorted(policy.STANDING))

    def own(self, user):
        """Return what `user` claimed."""
        return self.filter(person=user)


class Holding(models.Model):
    """Somebody's claim on one of the six posts of a grid, and what became of it (一岗一员)."""

    UNIT = "grid__unit"
    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="holdings")
    charge_code = models.CharField(max_length=16)  # Charge.code, which outlives its names
    person = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="holdings")
    status = models.CharField(max_length=12, choices=_codes(policy.HoldingStatus))
    claimed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=200, blank=True)  # of declining or withdrawing

    objects = HoldingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "charge_code"],
                condition=Q(status__in=["CONFIRMED", "PUBLISHED"]),
                name="one_holder_for_a_post_of_a_grid",
            ),
            models.UniqueConstraint(
                fields=["grid", "charge_code", "person"],
                condition=Q(status="CLAIMED"),
                name="one_claim_of_a_person_on_a_post",
            ),
        ]
        indexes = [models.Index(fields=["person", "status"], name="holding_of_person")]

    def __str__(self):
        return f"{self.charge_code}@{self.grid_id} {self.status}"


class TermQuerySet(OfUnitQuerySet):
    def in_force(self, on):
        return self.filter(Q(until=None) | Q(until__gt=on), since__lte=on)


class Excuse(models.Model):
    """Why somebody on the roster carries no list (免予分配), from a date to a date."""

    UNIT = "unit"
    person = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="excuses")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=200)
    since = models.DateField()
    until = models.DateField(null=True)  # exclusive
    given_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    objects = TermQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "unit"], condition=Q(until=None), name="one_open_excuse"
            ),
        ]

    def __str__(self):
        return f"{self.person_id}@{self.unit_id}"


class KeepWish(models.Model):
    """A household's wish to keep its contact worker, as noted by the desk."""

    UNIT = "household__building__grid__unit"
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="keep_wishes")
    since = models.DateField()
    until = models.DateField(null=True)  # exclusive
    noted_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    objects = TermQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=Q(until=None), name="one_open_wish_of_a_household"
            ),
        ]

    def __str__(self):
        return f"{self.household_id}"


class Proposal(models.Model):
    """Lists given to workers as a computation proposes it, until somebody confirms it."""

    UNIT = "unit"
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    rows = models.JSONField()  # what the core found: queries.lists.Given as plain values
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    n_moved = models.PositiveIntegerField(default=0)

    objects = OfUnitQuerySet.as_manager()

    def __str__(self):
        return f"#{self.pk} {self.unit_id}"


class Roll(models.Model):
    """How many full party members a grid has, as counted on a day."""

    UNIT = "grid__unit"
    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="rolls")
    n_members = models.PositiveIntegerField()
    counted_on = models.DateField()
    counted_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    objects = OfUnitQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["grid", "-counted_on"], name="roll_of_grid")]

    def __str__(self):
        return f"{self.grid_id} {self.n_members}"


# ---- candidates ----------------------------------------------------------------------------------


class SelectionQuerySet(OfUnitQuerySet):
    def public(self):
        """Return what everybody may see: what is or was on public notice."""
        return self.filter(status__in=["NOTICE", "APPOINTED"])


class Selection(models.Model):
    """The choosing of a grid worker for a grid, from the first name to the appointment."""

    UNIT = "grid__unit"
    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="selections")
    status = models.CharField(max_length=12, choices=_codes(policy.SelectionStatus))
    is_head = models.BooleanField(default=False)  # for 网格长
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    notice_from = models.DateField(null=True)
    notice_until = models.DateField(null=True)  # exclusive
    chosen = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    post = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, related_name="+")

    objects = SelectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="NOTICE") | Q(notice_until__gt=F("notice_from")),
                name="notice_has_days",
            ),
            models.CheckConstraint(
                condition=~Q(status="APPOINTED") | Q(post__isnull=False),
                name="appointed_has_post",
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.grid_id} {self.status}"


class CandidateQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the candidates of selections under any unit of `user`'s posts."""
        return self.filter(selection__in=Selection.objects.visible_to(user))


class Candidate(models.Model):
    """Somebody named for a selection."""

    selection = models.ForeignKey(Selection, on_delete=models.PROTECT, related_name="candidates")
    person = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="candidacies")
    # The points as they were published: lines of policy.Line; empty until then.
    published = models.JSONField(default=list)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["selection", "person"], name="candidate_once"),
        ]

    def __str__(self):
        return f"{self.selection_id} {self.person_id}"


class Mark(models.Model):
    """What the desk gave a candidate under a judged criterion, and why."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="marks")
    code = models.CharField(max_length=16)  # Criterion.code
    mark = models.PositiveSmallIntegerField()
    said = models.CharField(max_length=120)
    given_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "code"], name="mark_once"),
            models.CheckConstraint(condition=Q(mark__range=(0, 10)), name="mark_0_to_10"),
        ]

    def __str__(self):
        return f"{self.candidate_id} {self.code} {self.mark}"


class CommentQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the comments on selections under any unit of `user`'s posts."""
        return self.filter(selection__in=Selection.objects.visible_to(user))


class Comment(models.Model):
    """What somebody said of a public notice, and the answer."""

    selection = models.ForeignKey(Selection, on_delete=models.PROTECT, related_name="comments")
    text = models.CharField(max_length=500)
    phone = models.CharField(max_length=20, blank=True)  # only if they want to be called
    at = models.DateTimeField()
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")

    objects = CommentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["selection", "at"], name="comment_of_selection")]

    def __str__(self):
        return f"#{self.pk} of {self.selection_id}"


# ---- cards and boards ----------------------------------------------------------------------------


class Disclosure(models.Model):
    """What a worker shows of themselves on cards and boards: 亮身份 亮职责 亮承诺."""

    person = models.OneToOneField(USER, on_delete=models.PROTECT, related_name="disclosure")
    photo = models.CharField(max_length=80, blank=True)  # below MEDIA_ROOT
    duties = models.CharField(max_length=120, blank=True)
    updated_at = models.DateTimeField()

    def __str__(self):
        return f"{self.person_id}"


class Home(models.Model):
    """The building a worker lives in, for the desk alone: how far a list lies from home."""

    person = models.OneToOneField(USER, on_delete=models.PROTECT, related_name="home")
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")

    def __str__(self):
        return f"{self.person_id}"


class PromiseQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the promises of people with posts under any unit of `user`'s posts."""
        return self.filter(person__in=Post.objects.visible_to(user).values("user"))


class Promise(models.Model):
    """One sentence a worker commits to (承诺), and how it was kept."""

    person = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="promises")
    text = models.CharField(max_length=60)
    made_on = models.DateField()
    ended_on = models.DateField(null=True)  # taken off the board
    mark = models.CharField(max_length=8, choices=_codes(policy.PromiseMark), default="OPEN")
    marked_on = models.DateField(null=True)
    marked_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    remark = models.CharField(max_length=120, blank=True)

    objects = PromiseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["person", "ended_on"], name="promise_of_person")]

    def __str__(self):
        return f"#{self.pk} {self.mark}"


class CardQuerySet(OfUnitQuerySet):
    def standing(self):
        return self.filter(replaced_on=None)


class Card(models.Model):
    """A card that hangs at a door (连心牌), from its issue until another takes its place."""

    UNIT = "household__building__grid__unit"
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="cards")
    worker = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="cards")
    digest = models.CharField(max_length=16)  # of what is printed on it
    issued_on = models.DateField()
    replaced_on = models.DateField(null=True)

    objects = CardQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=Q(replaced_on=None), name="one_card_at_a_door"
            ),
        ]
        indexes = [models.Index(fields=["worker", "replaced_on"], name="card_of_worker")]

    def __str__(self):
        return f"{self.household_id} {self.worker_id}"


class Batch(models.Model):
    """Cards of an area set for the printer at once."""

    UNIT = "unit"
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    paper = models.CharField(max_length=2, choices=_codes(policy.Paper))
    only_due = models.BooleanField(default=False)  # only doors whose card is missing or out of date
    status = models.CharField(max_length=8, choices=_codes(policy.BatchStatus))
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    site = models.CharField(max_length=120)  # where its QR codes lead: https://county.example/
    n_doors = models.PositiveIntegerField(default=0)
    n_done = models.PositiveIntegerField(default=0)
    n_held_back = models.PositiveIntegerField(default=0)  # incomplete: not printed
    file = models.CharField(max_length=80, blank=True)  # below MEDIA_ROOT
    seconds = models.FloatField(null=True)
    fault = models.CharField(max_length=200, blank=True)

    objects = OfUnitQuerySet.as_manager()

    def __str__(self):
        return f"#{self.pk} {self.status}"


class Board(models.Model):
    """A board of a grid as it was last printed: it is up to date while its digest fits."""

    UNIT = "grid__unit"
    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="boards")
    kind = models.CharField(max_length=12, choices=_codes(policy.BoardKind))
    digest = models.CharField(max_length=16)
    printed_at = models.DateTimeField()

    objects = OfUnitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grid", "kind"], name="board_once_a_kind"),
        ]

    def __str__(self):
        return f"{self.grid_id} {self.kind}"


# ---- appraisal -----------------------------------------------------------------------------------


class Period(models.Model):
    """A time workers are appraised for; frozen, its scores stand."""

    UNIT = "unit"
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=40)
    since = models.DateField()
    until = models.DateField()  # exclusive
    opened_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(null=True)
    frozen_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")

    objects = OfUnitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="period_has_days"),
        ]

    def __str__(self):
        return f"#{self.pk} {self.name}"


class ScoreQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return one's own scores, and those of workers in units under a post of `user`."""
        return self.filter(Q(worker=user) | Q(unit__in=Unit.objects.visible_to(user)))


class Score(models.Model):
    """One worker's result as it was frozen; a decided appeal adds its correction beside it."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="scores")
    worker = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="scores")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")  # their grid
    total = models.FloatField(null=True)  # out of 100; null: nothing could be counted
    lines = models.JSONField()  # policy.Line as plain values
    correction = models.FloatField(default=0)  # points from decided appeals

    objects = ScoreQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "worker"], name="score_once_a_period"),
        ]

    def __str__(self):
        return f"{self.period_id} {self.worker_id}"


class AppealQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return one's own appeals, and those of workers in units under a post of `user`."""
        scores = Score.objects.visible_to(user)
        return self.filter(score__in=scores)


class Appeal(models.Model):
    """What a worker holds against a score, and what was decided."""

    score = models.ForeignKey(Score, on_delete=models.PROTECT, related_name="appeals")
    text = models.CharField(max_length=500)
    at = models.DateTimeField()
    is_upheld = models.BooleanField(null=True)
    points = models.FloatField(default=0)  # added to the score
    answer = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")

    objects = AppealQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["score"], condition=Q(decided_at=None), name="one_open_appeal"
            ),
        ]

    def __str__(self):
        return f"#{self.pk} of {self.score_id}"
