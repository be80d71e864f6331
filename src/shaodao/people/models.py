"""The organisation tree, its people, the posts they hold, and the numbers a county may set."""

from collections.abc import Iterable
from datetime import date

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, TruncDate

from shaodao.kit.journal import JournalEntry

from . import policy


def _codes(enum):
    return [(code.value, code.name) for code in enum]


class UserQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return `user`, and the people kept by, or posted to, units under a post of `user`."""
        under = Unit.objects.under(post.unit for post in posts_of(user))
        posted = Post.objects.filter(unit__in=under).values("user")
        return self.filter(Q(pk=user.pk) | Q(pk__in=posted) | Q(kept_by__in=under))

    def found_by(self, words: str):
        """Return the people whose name, user name or phone holds `words`; all for none."""
        if not words:
            return self
        found = Q(name__contains=words) | Q(username__contains=words) | Q(phone__contains=words)
        return self.filter(found)

    def with_posts(self):
        """Read each person's posts of today along, as `posts_today`."""
        posts = Post.objects.in_force().select_related("unit").order_by("pk")
        return self.prefetch_related(models.Prefetch("posts", posts, to_attr="posts_today"))


class UserStore(BaseUserManager.from_queryset(UserQuerySet)):
    def get_by_natural_key(self, username):
        """Return the account with this user name, or with this phone number."""
        return self.get(Q(username=username) | Q(phone=username))


class User(AbstractBaseUser):
    """A member of staff. Residents need no account."""

    username = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=40)
    phone = models.CharField(max_length=20, unique=True, null=True, blank=True)  # to log in with
    work_phone = models.CharField(max_length=20, blank=True)  # shown to residents
    email = models.EmailField(blank=True)
    kept_by = models.ForeignKey(
        "Unit", null=True, on_delete=models.PROTECT, related_name="kept_users"
    )  # whose administrator looks after the account, also before its first post
    is_active = models.BooleanField(default=True)
    is_party_member = models.BooleanField(default=False)
    must_change_password = models.BooleanField(default=False)
    failed_logins = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    objects = UserStore()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    def __str__(self):
        return f"#{self.pk} {self.username}"


class UnitQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the units under any unit where `user` holds a post."""
        return self.under(post.unit for post in posts_of(user))

    def under(self, units: Iterable["Unit"]):
        """Return `units` and everything below them."""
        below = Q(pk__in=[])
        for unit in units:
            below |= Q(path__startswith=unit.path)
        return self.filter(below)

    def areas(self):
        return self.filter(kind=policy.Kind.AREA)

    def named(self, text: str):
        """Return the units with this code, or else with this name."""
        return self.filter(Q(code=text) | Q(short_name=text) | Q(name=text)).order_by("path")

    def in_force(self):
        today = TruncDate(Now())
        return self.filter(
            Q(valid_to=None) | Q(valid_to__gt=today), Q(valid_from=None) | Q(valid_from__lte=today)
        )


class Unit(models.Model):
    """A node of the organisation tree (组织单元): an area, a department, a company, a party body.

    Areas form the government chain down to the grid; departments, companies and institutions hang
    under the area whose tier they act at; the party chain is a tree of its own, tied to areas by
    `area_code`.
    """

    name = models.CharField(max_length=80)  # official: 西津路居委会
    short_name = models.CharField(max_length=40)  # on screen: 西津路社区
    kind = models.CharField(max_length=24, choices=_codes(policy.Kind))
    level = models.CharField(max_length=12, choices=_codes(policy.Level))
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=120, unique=True)  # '/1/4/9/': ancestors first, self last
    code = models.CharField(max_length=15, null=True, unique=True)  # noqa: DJ001 - unique where given
    area_code = models.CharField(max_length=24, blank=True)  # party: the area it stands for
    n_members = models.PositiveIntegerField(default=0)  # party: members on its own roll
    # '08:30-12:00,14:00-17:30'; '' = as the parent
    office_hours = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(path__startswith="/") & Q(path__endswith="/"),
                name="unit_path_is_delimited",
            ),
            models.CheckConstraint(
                condition=~Q(kind="AREA") | Q(code__isnull=False), name="unit_area_has_code"
            ),
        ]
        indexes = [
            models.Index(
                fields=["path"], name="unit_path_prefix", opclasses=["varchar_pattern_ops"]
            ),
            models.Index(fields=["parent", "level"], name="unit_children"),
            models.Index(fields=["kind", "area_code"], name="unit_party_area"),
        ]

    def __str__(self):
        return f"#{self.pk} {self.name}"

    @property
    def ancestor_ids(self) -> list[int]:
        """The ids from the root down to this unit."""
        return [int(pk) for pk in self.path.strip("/").split("/")]


class PostQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the posts in units under any unit where `user` holds a post."""
        return self.filter(unit__in=Unit.objects.visible_to(user))

    def in_force(self):
        """Return the posts held today (the database's clock, the county's time zone)."""
        today = TruncDate(Now())
        return self.filter(Q(until=None) | Q(until__gt=today), since__lte=today)

    def posted_to(self, streets):
        """Return the posts whose holders a department has posted to one of `streets` today."""
        today = TruncDate(Now())
        posted = Q(posted_until=None) | Q(posted_until__gt=today)
        return self.in_force().filter(posted, posted_to__in=streets, posted_since__lte=today)


class Post(models.Model):
    """A role held by a person in a unit (岗位), from a date to a date. It covers all below."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=16, choices=_codes(policy.Role))
    since = models.DateField()
    until = models.DateField(null=True)  # exclusive; null: still held
    is_head = models.BooleanField(default=False)  # 网格长, 科室负责人
    # 下沉: the street a department has posted this officer to, from a day to a day
    posted_to = models.ForeignKey(
        Unit, null=True, on_delete=models.PROTECT, related_name="posted", db_index=False
    )
    posted_since = models.DateField(null=True)
    posted_until = models.DateField(null=True)  # exclusive; null: still posted

    objects = PostQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("since")), name="post_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(posted_to=None, posted_since=None, posted_until=None)
                | Q(posted_to__isnull=False, posted_since__isnull=False),
                name="post_posted_from_a_day",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "role"], name="post_of_unit"),
            models.Index(
                fields=["posted_to"],
                condition=Q(posted_to__isnull=False),
                name="post_posted_to",
            ),
        ]

    def __str__(self):
        return f"{self.user_id} {self.role}@{self.unit_id}"


def posts_of(user) -> list[Post]:
    """Return the posts `user` holds today, with their units; read once for each user object."""
    if not user.is_authenticated:
        return []
    if not hasattr(user, "_posts_today"):
        user._posts_today = list(user.posts.in_force().select_related("unit").order_by("pk"))
    return user._posts_today


def seats_over(user, *units: Unit | None) -> frozenset[policy.Seat]:
    """Return the seats `user` has over any of `units`: posts in them or in an ancestor."""
    covered = {pk for unit in units if unit is not None for pk in unit.ancestor_ids}
    return frozenset(
        policy.Seat(policy.Role(post.role), policy.Level(post.unit.level))
        for post in posts_of(user)
        if post.unit_id in covered
    )


def roles_of(user) -> frozenset[str]:
    """Return the roles `user` holds anywhere."""
    return frozenset(post.role for post in posts_of(user))


def rules_over(user) -> Q:
    """Return which configured rows matter to `user`: everywhere, above or below their posts."""
    units = [post.unit for post in posts_of(user)]
    if not units:
        return Q(pk__in=[])
    above = {pk for unit in units for pk in unit.ancestor_ids}
    return Q(unit=None) | Q(unit__in=above) | Q(unit__in=Unit.objects.under(units))


class CoverQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return one's own, and those of people with posts under any unit of `user`'s posts."""
        under = Post.objects.visible_to(user).values("user")
        return self.filter(Q(absent=user) | Q(by=user) | Q(absent__in=under))

    def in_force(self):
        today = TruncDate(Now())
        return self.filter(until__gt=today, since__lte=today)


class Cover(models.Model):
    """Who stands in for somebody away (代管), from a date to a date: cases, calls and lists."""

    absent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="covers")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="covering")
    since = models.DateField()
    until = models.DateField()  # exclusive

    objects = CoverQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gte=F("since")), name="cover_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=~Q(absent=F("by")), name="cover_is_by_another"),
        ]
        indexes = [
            models.Index(fields=["absent", "until"], name="cover_of_absent"),
            models.Index(fields=["by", "until"], name="cover_by"),
        ]

    def __str__(self):
        return f"{self.absent_id} by {self.by_id}"


class ParameterQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return what is set everywhere, and in places above or below the posts of `user`."""
        return self.filter(rules_over(user))

    def in_force(self, on: date):
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)

    def on_or_after(self, day: date):
        """Return the rows that hold on a day or will."""
        holds = Q(valid_to=None) | Q(valid_to__gt=day)
        return self.filter(holds).exclude(valid_to=F("valid_from"))


class Parameter(models.Model):
    """A number a county may change, from a date to a date, with its source."""

    name = models.CharField(max_length=40)
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT)  # null: everywhere
    subject = models.CharField(max_length=40, blank=True)  # e.g. a category's code; '' = any
    value = models.CharField(max_length=120)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)  # exclusive
    source = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)  # as delivered, not yet confirmed by the county

    objects = ParameterQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["name", "valid_from"], name="parameter_in_force")]

    def __str__(self):
        return f"{self.name}={self.value}"


class Version(models.Model):
    """How often a set of rows has changed: the key of every cache in a process."""

    name = models.CharField(max_length=40, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self):
        return f"{self.name} {self.number}"


class AccountEntryQuerySet(models.QuerySet):
    def about(self, user):
        """Return what was done to the account of `user`, which they may read themselves."""
        return self.filter(subject=f"user:{user.pk}")

    def visible_to(self, user):
        """Return what was done in units below an administrator's posts, and what has no unit."""
        units = [p.unit for p in posts_of(user) if p.role in policy.THREE_ADMINISTRATORS]
        if not units:
            return self.none()
        return self.filter(Q(unit=None) | Q(unit__in=Unit.objects.under(units)))


class AccountEntry(JournalEntry):
    """One thing done to an account, a post, a unit or a configured number; one chain for all."""

    subject = models.CharField(max_length=60)  # 'user:7', 'limit:3'
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")  # whose
    why = models.CharField(max_length=200, blank=True)

    objects = AccountEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seq"], name="account_entry_seq_once"),
        ]
        indexes = [
            models.Index(fields=["subject", "-seq"], name="account_entry_subject"),
        ]
