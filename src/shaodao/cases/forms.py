"""Turning what people type into the evidence of a move: values only, the rules stand in policy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MinValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shaodao.cores.wording import N_
from shaodao.kit.images import Picture, PictureRefused, store
from shaodao.kit.templatetags.kit import metres
from shaodao.kit.wording import say
from shaodao.people.models import Post, Unit, User, posts_of
from shaodao.people.policy import Kind, Level, Role
from shaodao.people.queries import at_level, units_by_id
from shaodao.places.models import Compound, Household
from shaodao.reports.policy import CHANNEL_LABELS
from shaodao.reports.queries import limits_on

from . import policy
from .counter import grids_to_choose
from .duplicates import Likely
from .models import Case, OutcomeKind
from .rules import rules, sector_names

_KEPT_SALT = "cases.kept-pictures"


class ManyFiles(forms.FileInput):
    """A file input that takes several pictures; on a phone it opens the camera."""

    allow_multiple_selected = True

    def __init__(self, attrs=None):
        super().__init__({"accept": "image/*", "capture": "environment", **(attrs or {})})

    def value_from_datadict(self, data, files, name):
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class PicturesField(forms.FileField):
    """Pictures, made safe and kept; what was kept before a refusal comes back by a signed word."""

    widget = ManyFiles

    def __init__(self, *, on: date, most: int = 6, **options: Any):
        super().__init__(**options)
        self.on, self.most = on, most

    def clean(self, data, initial=None) -> list[Picture]:
        """Return the pictures of all files given.

        :raises ValidationError: naming the file that cannot be taken.
        """
        files = [file for file in data or [] if file]
        if self.required and not files and not initial:
            raise ValidationError(_("请拍一张照片"), code="required")
        if len(files) > self.most:
            raise ValidationError(_("最多 %(n)s 张照片") % {"n": self.most})
        return [self._stored(file) for file in files]

    def _stored(self, file: UploadedFile) -> Picture:
        try:
            return store(file, limits=limits_on(self.on), on=self.on)
        except PictureRefused as refusal:
            raise ValidationError(say(refusal)) from refusal


class MoveForm(forms.Form):
    """What one move needs and may bring; `evidence` is what the action takes."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, fields: dict[str, forms.Field], **options):
        super().__init__(*args, **options)
        self.fields.update(fields)
        self._pictures = [n for n, f in fields.items() if isinstance(f, PicturesField)]
        for name in self._pictures:
            kept = forms.CharField(widget=forms.HiddenInput, required=False)
            self.fields[f"{name}_kept"] = kept
            if self.is_bound:
                self._take_back(name)

    def _take_back(self, name: str) -> None:
        """Let pictures kept before a refusal stand for the file that need not be chosen again."""
        self._kept = getattr(self, "_kept", {})
        self._kept[name] = read_kept(self.data.get(self.add_prefix(f"{name}_kept"), ""))
        if self._kept[name]:
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """Put the pictures kept before together with the new ones, and keep them for next time."""
        values = super().clean() or {}
        for name in self._pictures:
            pictures = [*self._kept.get(name, []), *(values.get(name) or [])]
            values[name] = pictures
            self.data = self.data.copy()
            self.data[self.add_prefix(f"{name}_kept")] = keep(pictures)
        if "primary" in self.fields:
            values["primary"] = values.get("primary") or values.get("primary_likely")
            if not values["primary"] and "primary" not in self.errors:
                self.add_error("primary", _("请选一件，或者填案件号"))
        return values

    @property
    def n_kept(self) -> int:
        """How many pictures came with a try that was refused and are still here."""
        return sum(
            len(read_kept(self.data.get(self.add_prefix(f"{name}_kept"), "")))
            for name in self._pictures
        )

    def evidence(self) -> dict[str, Any]:
        """Return what was given, by name of evidence."""
        own = {"seen", "primary_likely", *(f"{name}_kept" for name in self._pictures)}
        given = {name: value for name, value in self.cleaned_data.items() if name not in own}
        if isinstance(officer := given.get("unit"), Officer):
            given |= {"unit": officer.unit, "person": officer.person}
        return {name: value for name, value in given.items() if value not in (None, "", [], False)}


def keep(pictures: Iterable[Picture]) -> str:
    """Return a signed word for pictures that are stored but belong to nothing yet."""
    plain = [[p.file, p.width, p.height] for p in pictures]
    return signing.dumps(plain, salt=_KEPT_SALT) if plain else ""


def read_kept(word: str) -> list[Picture]:
    """Return the pictures a signed word stands for; none for a word that is not ours."""
    try:
        plain = signing.loads(word, salt=_KEPT_SALT, max_age=timedelta(hours=12)) if word else []
    except signing.BadSignature:
        return []
    return [Picture(file, width, height) for file, width, height in plain]


# ---- the fields, by name of evidence ----------------------------------------------------------


def _words(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "maxlength": 2000})


def _note(case: Case, **_known) -> forms.Field:
    return forms.CharField(
        widget=_words(3), max_length=2000, help_text=gettext_lazy("只有工作人员看得到")
    )


def _reply(case: Case, **_known) -> forms.Field:
    return forms.CharField(
        widget=_words(4),
        max_length=2000,
        help_text=gettext_lazy("每位反映人都会看到，请不要写姓名和电话"),
    )


def _category(case: Case, **_known) -> forms.Field:
    return forms.TypedChoiceField(
        choices=category_choices(),
        coerce=lambda code: rules().categories[code],
        initial=case.category_id,
    )


def category_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the categories offered, grouped by their pictures."""
    book = rules().categories
    groups: dict[str, list[tuple[str, str]]] = {}
    for category in sorted(book.values(), key=lambda c: (c.rank, c.code)):
        if category.is_offered and category.parent_id:
            groups.setdefault(category.parent_id, []).append((category.code, category.name))
    return [
        (top.name, [(top.code, _("%(name)s（未细分）") % {"name": top.name}), *groups[top.code]])
        for top in sorted(book.values(), key=lambda c: (c.rank, c.code))
        if top.code in groups
    ]


def _as_unit(value: str) -> Unit:
    return units_by_id()[int(value)]


@dataclass(frozen=True)
class Officer:
    """A department's officer at a street: the case goes to the department, in their hands."""

    unit: Unit
    person: User


def _as_addressee(value: str) -> Unit | Officer:
    unit, _colon, person = value.partition(":")
    return Officer(_as_unit(unit), User.objects.get(pk=int(person))) if person else _as_unit(unit)


def officer_choices(user, area: Unit) -> list[tuple[str, str]]:
    """Return the officers posted to the street of `area`, for a desk of that street or above."""
    street = at_level(area, Level.TOWNSHIP)
    desks = [post.unit for post in posts_of(user) if post.role == Role.DISPATCHER]
    if street is None or not any(street.path.startswith(desk.path) for desk in desks):
        return []
    posts = Post.objects.posted_to([street]).select_related("user", "unit").order_by("unit", "pk")
    return [
        (f"{post.unit_id}:{post.user_id}", f"{post.user.name}（{post.unit.short_name}）")
        for post in posts
    ]


def _unit(case: Case, *, routed: list[int], user, **_known) -> forms.Field:
    choices = unit_choices(user, case.area, routed)
    if officers := officer_choices(user, case.area):
        choices.insert(min(2, len(choices)), (_("派驻街道的执法人员"), officers))
    return forms.TypedChoiceField(
        choices=[("", _("请选择")), *choices],
        coerce=_as_addressee,
        initial=next((pk for pk in routed if pk != case.lead_id), None),
    )


def _helpers(case: Case, *, routed: list[int], user, **_known) -> forms.Field:
    return forms.TypedMultipleChoiceField(
        choices=unit_choices(user, case.area, routed),
        coerce=_as_unit,
        widget=forms.SelectMultiple(attrs={"size": 5}),
        help_text=gettext_lazy("按住 Ctrl 可以选多个"),
    )


def unit_choices(user, area: Unit, routed: list[int]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Return the units `user` may send a case of `area` to: those the routes name come first."""
    units = units_by_id()
    desks = [post.unit for post in posts_of(user) if post.role == Role.DISPATCHER]
    below = [u for u in units.values() if u.path.startswith(tuple(desk.path for desk in desks))]
    here = [at_level(area, level) for level in (Level.GRID, Level.COMMUNITY, Level.TOWNSHIP)]
    next_down = {desk.pk for desk in desks} | {unit.pk for unit in here if unit is not None}
    groups = (
        (_("按派遣规则"), [units[pk] for pk in dict.fromkeys(routed) if pk in units]),
        (_("案件所在地"), [u for u in here if u is not None and u in below]),
        (_("职能部门"), [u for u in below if u.kind == Kind.DEPARTMENT]),
        (_("企业和事业单位"), [u for u in below if u.kind in {Kind.COMPANY, Kind.INSTITUTION}]),
        (_("辖区"), [u for u in below if u.kind == Kind.AREA and u.parent_id in next_down]),
    )
    seen: set[int] = set()
    choices = []
    for label, members in groups:
        fresh = [u for u in members if u.pk not in seen]
        seen |= {u.pk for u in fresh}
        if fresh:
            choices.append((label, [(u.pk, u.short_name) for u in fresh]))
    return choices


def _grid_unit(case: Case, **_known) -> forms.Field:
    grids = [
        unit
        for unit in units_by_id().values()
        if unit.level == Level.GRID
        and unit.kind == Kind.AREA
        and unit.path.startswith(case.desk.path)
    ]
    grids.sort(key=lambda unit: (unit.pk != case.area_id, unit.code or ""))
    return forms.TypedChoiceField(
        choices=[(unit.pk, unit.short_name) for unit in grids], coerce=_as_unit
    )


class CaseNumberField(forms.CharField):
    """The number of a case among those the reader may see."""

    def __init__(self, *, cases: QuerySet[Case], **options: Any):
        super().__init__(max_length=24, **options)
        self.cases = cases

    def clean(self, value) -> Case | None:
        """Return the case with this number.

        :raises ValidationError: if the reader sees no such case.
        """
        number = super().clean(value)
        if not number:
            return None
        case = self.cases.filter(number=number.strip()).first()
        if case is None:
            raise ValidationError(_("没有这个案件号，或者不在您的范围内"))
        return case


def _primary(case: Case, *, visible, likely, **_known) -> forms.Field:
    return CaseNumberField(
        cases=visible, widget=forms.TextInput(attrs={"placeholder": case.number})
    )


def _primary_likely(case: Case, *, visible, likely, **_known) -> forms.Field:
    found = {str(one.case.pk): one for one in likely}
    return forms.TypedChoiceField(
        choices=[(pk, _likely_label(one)) for pk, one in found.items()],
        coerce=lambda pk: found[pk].case,
        widget=forms.RadioSelect,
        empty_value=None,
    )


def _likely_label(one: Likely) -> str:
    place = metres(one.distance_m) if one.distance_m is not None else one.case.area.short_name
    words = {"number": one.case.number, "title": one.case.title, "place": place}
    return _("%(title)s（%(number)s，相距 %(place)s）") % words


def _solved_by(case: Case, *, solver: str, **_known) -> forms.Field:
    return forms.ChoiceField(
        choices=[(code.value, _(label)) for code, label in policy.SOLVED_BY_LABELS.items()],
        initial=solver,
        widget=forms.RadioSelect,
    )


def _outcome(case: Case, **_known) -> forms.Field:
    kinds = {kind.code: kind for kind in OutcomeKind.objects.order_by("rank", "code")}
    return forms.TypedChoiceField(
        choices=[
            ("", _("请选择")),
            *((k.code, f"{k.name}（{k.measure}）") for k in kinds.values()),
        ],
        coerce=lambda code: kinds[code],
    )


def _count(initial: int | None = None) -> Callable[..., forms.Field]:
    def field(case: Case, **_known) -> forms.Field:
        return forms.IntegerField(
            min_value=1, max_value=1_000_000, initial=initial,
            widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        )  # fmt: skip

    return field


def _yuan(case: Case, **_known) -> forms.Field:
    return forms.DecimalField(
        min_value=0, max_digits=13, decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip


def _source(case: Case, **_known) -> forms.Field:
    return forms.ChoiceField(
        choices=[(code.value, _(label)) for code, label in policy.FUND_LABELS.items()],
        widget=forms.RadioSelect,
    )


def _review_on(case: Case, *, on: date, **_known) -> forms.Field:
    tomorrow = on + timedelta(days=1)
    return forms.DateField(
        initial=on + timedelta(days=30),
        widget=forms.DateInput(
            attrs={"type": "date", "min": tomorrow.isoformat()}, format="%Y-%m-%d"
        ),
        validators=[MinValueValidator(tomorrow)],
        help_text=gettext_lazy("到这一天再看能不能办"),
    )


def _pictures(case: Case, *, on: date, **_known) -> forms.Field:
    return PicturesField(on=on)


class PositionField(forms.CharField):
    """Where the phone is, as 'lon,lat' in WGS 84 degrees; here.js fills it in."""

    widget = forms.HiddenInput

    def clean(self, value) -> tuple[float, float] | None:
        """Return (lon, lat), or None for what is no place."""
        try:
            lon, lat = (float(part) for part in (value or "").split(","))
        except ValueError:
            return None
        return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _position(case: Case, **_known) -> forms.Field:
    return PositionField()


def _ground(case: Case, **_known) -> forms.Field:
    return forms.ChoiceField(
        choices=[(code.value, _(label)) for code, label in policy.GROUND_LABELS.items()],
        widget=forms.RadioSelect,
        help_text=gettext_lazy("反映人看得到这个原因"),
    )


def _sector(case: Case, *, on: date, **_known) -> forms.Field:
    known = policy.sectors_on(rules().sectors, unit_ids=case.area.ancestor_ids, on=on)
    held = set(case.sectors.filter(ended_at=None).values_list("code", flat=True))
    return forms.ChoiceField(
        choices=[(code, _sector_label(row)) for code, row in known.items() if code not in held],
        widget=forms.RadioSelect,
    )


def _sector_label(row: policy.SectorRow) -> str:
    office = units_by_id().get(row.office_id)
    return f"{row.name}（{office.short_name}）" if office else row.name


def _tagged(case: Case, **_known) -> forms.Field:
    names, held = sector_names(), case.sectors.filter(ended_at=None).order_by("pk")
    return forms.ChoiceField(
        choices=[(tag.code, names.get(tag.code, tag.code)) for tag in held],
        widget=forms.RadioSelect,
    )


def _tick(case: Case, **_known) -> forms.Field:
    return forms.BooleanField()


def _compounds(case: Case, **_known) -> forms.Field:
    """Offer the compounds of the case's community; none is offered where there are none."""
    community = at_level(case.area, Level.COMMUNITY)
    found = Compound.objects.filter(community=community).order_by("name", "pk")
    widget = forms.CheckboxSelectMultiple if found.exists() else forms.MultipleHiddenInput
    field = forms.ModelMultipleChoiceField(found, widget=widget)
    field.label_from_instance = lambda one: one.name
    return field


# In the order they are asked for.
FIELDS: dict[str, Callable[..., forms.Field]] = {
    "position": _position,
    "photo": _pictures,
    "after_photo": _pictures,
    "category": _category,
    "is_hazard": _tick,
    "unit": _unit,
    "helpers": _helpers,
    "grid_unit": _grid_unit,
    "ground": _ground,
    "sector": _sector,
    "tagged": _tagged,
    "primary_likely": _primary_likely,
    "primary": _primary,
    "reply": _reply,
    "solved_by": _solved_by,
    "outcome": _outcome,
    "quantity": _count(1),
    "n_households": _count(),
    "compounds": _compounds,
    "cost_yuan": _yuan,
    "source": _source,
    "yuan": _yuan,
    "review_on": _review_on,
    "note": _note,
    "publish": _tick,
}
_LABELS = {
    ("decline", "reply"): N_("不予立案的理由"),
    ("pass_back", "note"): N_("拒单的理由"),
    ("return", "note"): N_("退回的理由"),
    ("rework", "note"): N_("哪里没办好"),
    ("void", "note"): N_("作废的理由"),
    ("escalate", "note"): N_("本级已经做了什么、为什么办不了"),
    ("escalate_urgent", "note"): N_("紧急在哪里"),
    ("hand_down", "note"): N_("退回下级的理由"),
    ("refuse_duty", "note"): N_("职责外退回的说明"),
    ("untag", "note"): N_("取消归口的理由"),
    ("hand_over", "note"): N_("移交的理由和已经做的"),
    ("hand_over", "sector"): N_("移交给哪条线"),
    ("reopen", "note"): N_("重开的理由"),
    ("handle", "reply"): N_("办理结果（公开答复）"),
    ("verify", "note"): N_("核查情况"),
    ("report_check", "note"): N_("核实情况"),
    ("contribute", "note"): N_("协办情况"),
    ("answer", "reply"): N_("公开答复"),
    ("remark", "note"): N_("内部备注"),
    ("handle", "note"): N_("内部备注"),
}
_OWN_LABELS = {"primary_likely": N_("附近相似的案件"), "primary": N_("或者填案件号")}


def fields_of(
    move: policy.Move, case: Case, *, needs: Iterable[str], **known: Any
) -> dict[str, forms.Field]:
    """Return the fields that ask for what `move` needs on `case` and may bring.

    known : user, on (today), routed (ids of units), solver, likely, visible (cases)
    """
    needed = set(needs)
    wanted = needed | set(policy.OPTIONAL.get(move.name, ()))
    if "primary" in wanted and known.get("likely"):
        wanted.add("primary_likely")
    fields = {}
    for name, make in FIELDS.items():
        if name in wanted:
            field = fields[name] = make(case, **known)
            field.required = name in needed and name != "primary"
            label = _LABELS.get((move.name, name)) or _OWN_LABELS.get(name)
            field.label = _(label or policy.EVIDENCE_LABELS[name])
    return fields


# ---- applications, looking, showing ----------------------------------------------------------


class DecideForm(forms.Form):
    """What an approver says with a decision."""

    note = forms.CharField(
        label=gettext_lazy("审批意见"), widget=_words(2), max_length=500, required=False
    )


class UnmaskForm(forms.Form):
    """Why somebody wants to see who reported."""

    purpose = forms.ChoiceField(
        label=gettext_lazy("查看事由"),
        widget=forms.RadioSelect,
        help_text=gettext_lazy("会记入案件留痕，反映人在进度页上看得到谁看过、为什么"),
    )

    def __init__(self, *args, purposes: dict[str, str], **options):
        super().__init__(*args, **options)
        self.fields["purpose"].choices = [(code, _(label)) for code, label in purposes.items()]


class ReleaseForm(forms.Form):
    """What the public is to see of a case."""

    title = forms.CharField(label=gettext_lazy("标题"), max_length=80)
    text = forms.CharField(
        label=gettext_lazy("说明"), widget=_words(5), max_length=400, required=False,
        help_text=gettext_lazy("姓名、电话、门牌会自动隐去；位置只显示到百米方格"),
    )  # fmt: skip
    before = forms.ChoiceField(
        label=gettext_lazy("处置前照片"), widget=forms.RadioSelect, required=False
    )
    after = forms.ChoiceField(
        label=gettext_lazy("处置后照片"), widget=forms.RadioSelect, required=False
    )

    def __init__(
        self, *args, before: list[tuple[str, str]], after: list[tuple[str, str]], **options
    ):
        super().__init__(*args, **options)
        none = ("", _("不公开照片"))
        self.fields["before"].choices = [none, *before]
        self.fields["after"].choices = [none, *after]


class BulkForm(forms.Form):
    """What many cases are given at once."""

    def __init__(self, *args, name: str, cases: list[Case], user, **options):
        super().__init__(*args, **options)
        if name == "merge":
            known = {str(case.pk): case for case in cases}
            self.fields["primary"] = forms.TypedChoiceField(
                label=_("并入哪一件"),
                choices=[(pk, f"{case.number} {case.title}") for pk, case in known.items()],
                coerce=lambda pk: known[pk],
                widget=forms.RadioSelect,
                initial=next(iter(known), None),
            )
        if name == "dispatch":
            area = cases[0].area if cases else None
            choices = unit_choices(user, area, []) if area is not None else []
            self.fields["unit"] = forms.TypedChoiceField(
                label=_("派给"),
                choices=[("", _("按派遣规则，各派各的")), *choices],
                coerce=_as_unit,
                empty_value=None,
                required=False,
            )
            self.fields["note"] = forms.CharField(
                label=_("说明"), required=False, max_length=500, widget=_words(2)
            )


# ---- the office's own doors ------------------------------------------------------------------


class NewCaseForm(forms.Form):
    """What somebody at the counter, on the telephone or on a round writes down."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    patrol = forms.IntegerField(widget=forms.HiddenInput, required=False)
    channel = forms.ChoiceField(label=gettext_lazy("怎么来的"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=gettext_lazy("什么问题"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    photos_kept = forms.CharField(widget=forms.HiddenInput, required=False)
    category = forms.TypedChoiceField(
        label=gettext_lazy("类别"), required=False, empty_value=None,
        coerce=lambda code: rules().categories[code],
    )  # fmt: skip
    lon = forms.FloatField(widget=forms.HiddenInput, required=False)
    lat = forms.FloatField(widget=forms.HiddenInput, required=False)
    household = forms.ModelChoiceField(
        queryset=Household.objects.none(), label=gettext_lazy("哪一户"), required=False,
        empty_label=gettext_lazy("不是哪一户的事"),
    )  # fmt: skip
    address = forms.CharField(label=gettext_lazy("地址或楼栋"), required=False, max_length=160)
    building = forms.IntegerField(required=False, widget=forms.HiddenInput)
    grid = forms.TypedChoiceField(label=gettext_lazy("网格"), required=False, empty_value=None)
    name = forms.CharField(label=gettext_lazy("反映人姓名"), required=False, max_length=40)
    phone = forms.CharField(
        label=gettext_lazy("反映人电话"), required=False, max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=gettext_lazy("留了电话，每一步都会发短信告诉反映人"),
    )  # fmt: skip
    join = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, doors, on, grids, homes, grid_rows, **options):
        super().__init__(*args, **options)
        fields = self.fields
        fields["channel"].choices = [(door.value, _(CHANNEL_LABELS[door])) for door in doors]
        fields["photos"] = PicturesField(on=on, label=_("照片"), required=False)
        fields["category"].choices = [("", _("请系统判断")), *category_choices()]
        fields["household"].queryset = homes
        fields["household"].label_from_instance = _home_label
        fields["grid"].choices = [("", _("不清楚")), *grids]
        fields["grid"].coerce = lambda pk: grid_rows.get(pk=pk)
        if not grids:
            del fields["grid"]
        if not homes.exists():
            del fields["household"]

    def clean(self) -> dict[str, Any]:
        """Put point and pictures together, and keep the pictures for a second look."""
        values = super().clean() or {}
        lon, lat = values.get("lon"), values.get("lat")
        on_earth = lon is not None and lat is not None and abs(lon) <= 180 and abs(lat) <= 90
        values["point"] = (lon, lat) if on_earth else None
        kept = read_kept(values.get("photos_kept", ""))
        values["photos"] = [*kept, *(values.get("photos") or [])]
        self.data = self.data.copy()
        self.data["photos_kept"] = keep(values["photos"])
        return values

    @property
    def n_kept(self) -> int:
        """How many pictures are here already."""
        return len(read_kept(self.data.get("photos_kept", "")))


def _home_label(home: Household) -> str:
    return f"{home.building.address} {home.number}".strip()


class PatrolForm(forms.Form):
    """How much a round found."""

    n_found = forms.IntegerField(min_value=0, max_value=999, required=False)


class RoutingForm(forms.Form):
    """What a dry run of the routing table asks about."""

    category = forms.TypedChoiceField(
        label=gettext_lazy("类别"), coerce=lambda code: rules().categories[code]
    )
    grid = forms.TypedChoiceField(
        label=gettext_lazy("网格"), required=False, coerce=int, empty_value=None
    )
    household = forms.IntegerField(
        label=gettext_lazy("户号"), required=False, min_value=1, max_value=2**62
    )
    asset = forms.CharField(label=gettext_lazy("设施编码"), required=False, max_length=16)
    lon = forms.FloatField(required=False, min_value=-180, max_value=180, widget=forms.HiddenInput)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90, widget=forms.HiddenInput)

    def __init__(self, *args, user, **options):
        super().__init__(*args, **options)
        self.fields["category"].choices = category_choices()
        self.fields["grid"].choices = [("", _("按地图选的点")), *grids_to_choose(user)]
