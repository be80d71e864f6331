"""Cases, their clocks, everything that hangs on them, and the record of everything done to them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from shaodao.kit.journal import JournalEntry as BaseEntry
from shaodao.people.models import Unit, posts_of, rules_over
from shaodao.people.policy import CASE_ROLES, Role
from shaodao.places.models import Compound, Grid, Household
from shaodao.reports.models import Category, Report

from . import policy

USER = settings.AUTH_USER_MODEL
OPEN = sorted(s.value for s in policy.OPEN)


def _codes(enum):
    return [(code.value, code.name) for code in enum]


class CaseQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the cases that lie in, or are led or helped by, a unit under a post of `user`."""
        units = [p.unit_id for p in posts_of(user) if p.role in CASE_ROLES]
        return self.filter(unit_ids__overlap=units) if units else self.none()

    def held_by(self, user):
        """Return the open cases that wait for a unit where `user` holds a post, or for them."""
        units = [p.unit_id for p in posts_of(user) if p.role in CASE_ROLES]
        return self.open().filter(Q(holder__in=units) | Q(holder_person=user))

    def open(self):
        return self.filter(status__in=OPEN)

    def late(self, at):
        return self.open().filter(due_at__lte=at)

    def for_list(self):
        return self.select_related("category", "area", "lead", "holder", "lead_person")


class Case(models.Model):
    """One matter to be handled (案件), from the first report to the closing and after."""

    number = models.CharField(max_length=20)  # 360702-2026-000123
    title = models.CharField(max_length=80)  # written by the office, no personal data
    status = models.CharField(max_length=12, choices=_codes(policy.Status))
    category = models.ForeignKey(Category, on_delete=models.PROTECT, db_index=False)
    is_hazard = models.BooleanField(default=False)
    channel = models.CharField(max_length=12)  # of the first report
    received_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    zkey = models.BigIntegerField(null=True)
    line = ArrayField(models.FloatField(), null=True)  # lon, lat, lon, lat …
    length_m = models.FloatField(null=True)
    address = models.CharField(max_length=160, blank=True)
    area = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # grid, or wider
    grid = models.ForeignKey(
        Grid, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    household = models.ForeignKey(
        Household, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    desk = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", db_index=False)
    lead = models.ForeignKey(
        Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    lead_person = models.ForeignKey(
        USER, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    checker = models.ForeignKey(
        Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Who summoned the units at work and accepts what they did; null: nobody did
    acceptor = models.ForeignKey(
        Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    holder = models.ForeignKey(
        Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    holder_person = models.ForeignKey(
        USER, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unit_ids = ArrayField(models.BigIntegerField())  # area, desk, lead, helpers; all ancestors
    due_at = models.DateTimeField(null=True)  # the earliest running clock; null once ended
    promised_at = models.DateTimeField(null=True)  # the handling deadline, as told to residents

    # How it came to the rung where its desk stands; '' and null where it began there.
    passed_from = models.CharField(max_length=12, blank=True, default="", db_default="")
    passed_why = models.CharField(
        max_length=8, blank=True, default="", db_default="", choices=_codes(policy.Passed)
    )
    passed_at = models.DateTimeField(null=True)

    handled_by = models.ForeignKey(
        USER, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    handled_at = models.DateTimeField(null=True)
    solved_by = models.CharField(max_length=16, blank=True)
    solved_level = models.CharField(max_length=12, blank=True)  # tier of the lead that handled it
    cost_fen = models.BigIntegerField(null=True)  # 0.01 yuan
    primary = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged", db_index=False
    )
    n_reports = models.PositiveIntegerField(default=1)
    n_reopened = models.PositiveSmallIntegerField(default=0)
    search = SearchVectorField(null=True)

    n_entries = models.PositiveIntegerField(default=0)
    head = models.BinaryField(max_length=32, default=bytes)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], name="case_number_once"),
            models.CheckConstraint(
                condition=~Q(status__in=OPEN) | Q(due_at__isnull=False, holder__isnull=False),
                name="case_open_has_deadline_and_holder",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN) | Q(ended_at__isnull=False), name="case_ended_has_end"
            ),
            models.CheckConstraint(
                condition=Q(passed_why="", passed_from="", passed_at=None)
                | (~Q(passed_why="") & ~Q(passed_from="") & Q(passed_at__isnull=False)),
                name="case_passed_from_why_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="MERGED") | Q(primary__isnull=False),
                name="case_merged_has_primary",
            ),
        ]
        indexes = [
            GinIndex(fields=["unit_ids"], name="case_units"),
            GinIndex(fields=["search"], name="case_search"),
            models.Index(
                fields=["due_at", "id"], condition=Q(status__in=OPEN), name="case_open_due"
            ),
            models.Index(
                fields=["received_at", "id"], condition=Q(status__in=OPEN), name="case_open_age"
            ),
            models.Index(
                fields=["holder", "due_at"], condition=Q(status__in=OPEN), name="case_of_holder"
            ),
            models.Index(
                fields=["holder_person", "due_at"],
                condition=Q(status__in=OPEN),
                name="case_of_person",
            ),
            models.Index(
                fields=["passed_at", "id"],
                condition=Q(status__in=OPEN, passed_at__isnull=False),
                name="case_open_passed",
            ),
            models.Index(fields=["zkey"], condition=Q(status__in=OPEN), name="case_open_zkey"),
            models.Index(fields=["zkey"], name="case_zkey"),
            models.Index(fields=["-ended_at", "-id"], name="case_ended"),
            models.Index(
                fields=["area", "received_at"], condition=Q(status__in=OPEN), name="case_open_area"
            ),
            models.Index(fields=["received_at", "id"], name="case_received"),
            models.Index(
                fields=["ended_at"],
                include=["handled_at", "promised_at"],
                condition=Q(status="CLOSED"),
                name="case_closed",
            ),
            models.Index(fields=["category", "-ended_at", "-id"], name="case_category_ended"),
            models.Index(
                fields=["lead_person"],
                condition=Q(lead_person__isnull=False),
                name="case_lead_person",
            ),
            models.Index(
                fields=["primary"], condition=Q(primary__isnull=False), name="case_primary"
            ),
            models.Index(
                fields=["household"], condition=Q(household__isnull=False), name="case_household"
            ),
        ]

    def __str__(self):
        return self.number


class CaseReport(models.Model):
    """Which case answers a report; a report belongs to one case at a time."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports", db_index=False)
    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="case_link")
    joined_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["case", "joined_at"], name="case_reports")]

    def __str__(self):
        return f"{self.case_id}<-{self.report_id}"


class ClockQuerySet(models.QuerySet):
    def running(self):
        return self.filter(stopped_at=None, paused_at=None)

    def to_warn(self, at):
        return self.running().filter(warned_at=None, late_at=None, warn_at__lte=at)

    def to_mark_late(self, at):
        return self.running().filter(late_at=None, due_at__lte=at)


class Clock(models.Model):
    """One limit running, or run, for one step of a case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="clocks", db_index=False)
    step = models.CharField(max_length=10, choices=_codes(policy.Step))
    level = models.CharField(max_length=12)  # the rung it runs at
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # whose time it is
    limit = models.ForeignKey(
        "Limit", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    amount = models.PositiveIntegerField()
    time_unit = models.CharField(max_length=16)  # cores.worktime.TimeUnit
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    left = models.DurationField(null=True)  # working time left, while paused
    warned_at = models.DateTimeField(null=True)
    late_at = models.DateTimeField(null=True)  # when the sweep marked it
    extended = models.PositiveSmallIntegerField(default=0)

    objects = ClockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "step"],
                condition=Q(stopped_at=None),
                name="clock_runs_once_for_a_step",
            ),
            models.CheckConstraint(
                condition=Q(paused_at=None) | Q(left__isnull=False), name="clock_paused_has_left"
            ),
        ]
        indexes = [
            models.Index(fields=["case", "started_at"], name="clock_of_case"),
            models.Index(fields=["unit", "step", "stopped_at"], name="clock_of_unit"),
            models.Index(
                fields=["due_at"],
                condition=Q(stopped_at=None, paused_at=None, late_at=None),
                name="clock_to_mark_late",
            ),
            models.Index(
                fields=["warn_at"],
                condition=Q(stopped_at=None, paused_at=None, warned_at=None, late_at=None),
                name="clock_to_warn",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(step__in=["ACCEPT", "ARRIVE"]),
                name="clock_answer_due",
            ),
        ]

    def __str__(self):
        return f"{self.case_id} {self.step}"


class EntryQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return what was done to cases that touch a unit `user` is auditor of."""
        units = [p.unit_id for p in posts_of(user) if p.role == Role.AUDITOR]
        return self.filter(case__unit_ids__overlap=units) if units else self.none()


class JournalEntry(BaseEntry):
    """One thing done to a case. `facts` hold ids, codes and digests only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="journal", db_index=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="case_entry_seq_once"),
        ]
        indexes = [
            models.Index(fields=["at"], name="case_entry_at"),
            models.Index(fields=["actor", "-at"], name="case_entry_actor"),
        ]


class Remark(models.Model):
    """Words said about a case; erasable, so the journal keeps only a salted digest of them."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="remarks")
    kind = models.CharField(max_length=8, choices=_codes(policy.RemarkKind))
    text = models.TextField()  # '' once erased
    salt = models.BinaryField(max_length=16)  # emptied with the text
    erased_at = models.DateTimeField(null=True)

    def __str__(self):
        return f"#{self.pk}"


class Approval(models.Model):
    """An application for a move that needs another's consent (审批)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="approvals")
    move = models.CharField(max_length=16)
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    remark = models.ForeignKey(Remark, on_delete=models.PROTECT, related_name="+")
    evidence = models.JSONField(default=dict)  # what the move will be made with, as plain values
    due_at = models.DateTimeField()
    late_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    granted = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(decided_at=None), name="approval_one_open_for_a_case"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="approval_not_by_the_asker",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(decided_at=None, late_at=None),
                name="approval_to_mark_late",
            )
        ]

    def __str__(self):
        return f"{self.case_id} {self.move}"


class CoHandler(models.Model):
    """A unit that helps the lead (协办)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="co_handlers")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    contributed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "unit"], name="co_handler_once")]

    def __str__(self):
        return f"{self.case_id} {self.unit_id}"


class CaseSector(models.Model):
    """A line of work a case belongs to (条线), from when to when; its office sees the case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="sectors", db_index=False)
    code = models.CharField(max_length=16)  # of Sector
    office = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_by_rule = models.BooleanField(default=False)  # tagged from the category, by nobody
    added_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "code"], condition=Q(ended_at=None), name="case_sector_once"
            )
        ]
        indexes = [
            models.Index(fields=["case", "added_at"], name="sectors_of_case"),
            models.Index(
                fields=["office", "code"], condition=Q(ended_at=None), name="sector_of_office"
            ),
        ]

    def __str__(self):
        return f"{self.case_id} {self.code}"


class Evidence(models.Model):
    """A picture taken by staff: on arrival, after handling, on checking."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=8)  # BEFORE, ARRIVE, AFTER, VERIFY
    file = models.CharField(max_length=80)  # below MEDIA_ROOT; '' once erased
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["case", "at"], name="evidence_of_case")]

    def __str__(self):
        return f"{self.case_id} {self.kind}"


class OutcomeKind(models.Model):
    """What can come of a case (成果): installed, repaired, cleared, mediated, explained …"""

    code = models.CharField(max_length=16, primary_key=True)
    name = models.CharField(max_length=20)
    measure = models.CharField(max_length=8)  # 盏, 处, 吨, 件
    rank = models.PositiveSmallIntegerField(default=0)

    def __str__(self):
        return self.code


class Outcome(models.Model):
    """What came of a case, how much of it, and who benefits."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="outcomes")
    kind = models.ForeignKey(OutcomeKind, on_delete=models.PROTECT)
    quantity = models.PositiveIntegerField()
    spacing_m = models.FloatField(null=True)  # along the case's line: length / (quantity - 1)
    n_households = models.PositiveIntegerField(default=0)
    compounds = models.ManyToManyField(Compound, related_name="outcomes")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="outcome_at")]

    def __str__(self):
        return f"{self.case_id} {self.kind_id} {self.quantity}"


class Funding(models.Model):
    """Money raised for a case, by source."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="funding")
    source = models.CharField(max_length=12, choices=_codes(policy.FundSource))
    amount_fen = models.PositiveBigIntegerField()  # 0.01 yuan
    note = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    def __str__(self):
        return f"{self.case_id} {self.source}"


class Rating(models.Model):
    """What a reporter says of the result; only whoever holds the tracking link can say it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="ratings")
    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="rating")
    score = models.PositiveSmallIntegerField()  # 1 to 5
    is_solved = models.BooleanField()
    remark = models.ForeignKey(Remark, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_1_to_5"),
        ]
        indexes = [models.Index(fields=["at"], name="rating_at")]

    def __str__(self):
        return f"{self.case_id} {self.score}"


class ReleaseQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return what staff released: it is public, whoever asks."""
        return self.filter(concealed_at=None)


class Release(models.Model):
    """What the public may see of a case: words without names, the place coarsened."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="release")
    title = models.CharField(max_length=80)
    text = models.CharField(max_length=400, blank=True)
    lon = models.FloatField(null=True)  # coarsened
    lat = models.FloatField(null=True)
    zkey = models.BigIntegerField(null=True)  # of the coarsened point
    before = models.CharField(max_length=80, blank=True)  # files below MEDIA_ROOT
    after = models.CharField(max_length=80, blank=True)
    released_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField()
    concealed_at = models.DateTimeField(null=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["zkey"], condition=Q(concealed_at=None), name="release_zkey"),
            models.Index(
                fields=["-released_at"], condition=Q(concealed_at=None), name="release_latest"
            ),
        ]

    def __str__(self):
        return self.title


class KeptCount(models.Model):
    """Figures over all cases as of an instant, kept where there are too many to count for a page.

    Where a row is missing or old (policy.KEPT_FOR), pages count for themselves.
    """

    name = models.CharField(primary_key=True, max_length=12)  # policy.Kept
    at = models.DateTimeField()
    figures = models.JSONField(default=dict)

    def __str__(self):
        return self.name


class MapCount(models.Model):
    """How many open cases that a unit sees, or released ones, lie in a cell of the map; kept."""

    unit = models.ForeignKey(
        Unit, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )  # null: what is released, for everybody
    level = models.SmallIntegerField()  # cells are tiles of this zoom
    zkey = models.BigIntegerField()  # the least of the cell
    n = models.IntegerField()
    n_late = models.IntegerField(default=0)
    n_near = models.IntegerField(default=0)
    n_open = models.IntegerField(default=0)
    n_hazard = models.IntegerField(default=0)
    lon = models.FloatField()  # means
    lat = models.FloatField()
    one = models.BigIntegerField()  # the least case's id; what is alone there is read by it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "level", "zkey"], nulls_distinct=False, name="map_count_once"
            )
        ]

    def __str__(self):
        return f"{self.unit_id} {self.level}/{self.zkey} {self.n}"


class RuleQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return what is set everywhere, and in places above or below the posts of `user`."""
        return self.filter(rules_over(user))

    def on_or_after(self, day):
        """Return the rows that hold on a day or will."""
        holds = Q(valid_to=None) | Q(valid_to__gt=day)
        return self.filter(holds).exclude(valid_to=F("valid_from"))

    def of_category(self, code):
        return self.filter(category=code) if code else self


class Limit(models.Model):
    """How long a step may take: category × place × dates, clock unit included (时限)."""

    step = models.CharField(max_length=10, choices=_codes(policy.Step))
    # of the rung, for its step; '' = any
    level = models.CharField(max_length=12, blank=True, default="", db_default="")
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT)  # null: any
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT)  # null: everywhere
    is_hazard = models.BooleanField(default=False)  # for hazards only
    amount = models.PositiveIntegerField()
    time_unit = models.CharField(max_length=16)  # cores.worktime.TimeUnit
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)  # exclusive
    source = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["step", "valid_from"], name="limit_in_force")]

    def __str__(self):
        return f"{self.step} {self.amount} {self.time_unit}"


class Route(models.Model):
    """Where cases of a category in a place go (派遣规则)."""

    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT)  # null: any
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")  # place
    target = models.CharField(max_length=16, choices=_codes(policy.Target))
    to = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    is_direct = models.BooleanField(default=False)  # filed and dispatched without a desk
    rank = models.PositiveSmallIntegerField(default=0)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(target="UNIT") | Q(to__isnull=False), name="route_to_unit_names_it"
            )
        ]

    def __str__(self):
        return f"{self.category_id} -> {self.target}"


class DutyItem(models.Model):
    """One duty of a street or township (职责清单): what it answers for, and on whose word."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    # null: words only, which decide nothing
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT)
    text = models.CharField(max_length=200)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)  # exclusive
    source = models.CharField(max_length=200)  # the legal basis
    is_default = models.BooleanField(default=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["unit", "valid_from"], name="duty_of_unit")]

    def __str__(self):
        return f"{self.unit_id} {self.category_id}"


class Sector(models.Model):
    """A line of work (条线) in a county: 信访, 综治, 环境整治 …, its office, what it takes."""

    code = models.CharField(max_length=16)
    name = models.CharField(max_length=20)
    unit = models.ForeignKey(  # where it holds; null: everywhere
        Unit, null=True, on_delete=models.PROTECT, related_name="+"
    )
    office = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    categories = ArrayField(models.CharField(max_length=24), default=list)  # tagged by rule
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)  # exclusive
    source = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["code", "valid_from"], name="sector_in_force")]

    def __str__(self):
        return f"{self.code} {self.unit_id}"


class PatrolQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the rounds of grids under any unit where `user` holds a post."""
        return self.filter(grid__unit__in=Unit.objects.visible_to(user))


class Patrol(models.Model):
    """A round a worker is to walk (巡查任务); what they find is reported as PATROL."""

    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="patrols")
    worker = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="patrols")
    week = models.DateField()  # its Monday
    subject = models.CharField(max_length=40)
    done_at = models.DateTimeField(null=True)
    n_found = models.PositiveSmallIntegerField(default=0)

    objects = PatrolQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "worker", "week", "subject"], name="patrol_once_a_week"
            )
        ]
        indexes = [models.Index(fields=["worker", "done_at"], name="patrol_of_worker")]

    def __str__(self):
        return f"{self.grid_id} {self.week}"


class HeadsExport(models.Model):
    """A day's heads of all chains, written to a file and chained to the day before."""

    day = models.DateField(unique=True)
    n_cases = models.PositiveIntegerField()
    file = models.CharField(max_length=120)
    digest = models.BinaryField(max_length=32)  # sha256 of the file, over the previous digest
    at = models.DateTimeField()

    def __str__(self):
        return str(self.day)
