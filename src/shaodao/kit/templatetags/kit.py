"""Tags every template has: icons, time and money as people say them, masks, form plumbing."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.conf import settings
from django.http import QueryDict
from django.middleware.csrf import get_token
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from shaodao.cores import redaction

register = template.Library()

TONE_ICONS = {
    "plain": "ring",
    "new": "inbox",
    "active": "play",
    "wait": "pause",
    "warn": "warn",
    "late": "late",
    "done": "check",
    "void": "cross",
}

MASKS: dict[str, Callable[[str], str]] = {
    "name": redaction.mask_name,
    "phone": redaction.mask_phone,
    "id": redaction.mask_id,
    "address": redaction.mask_address,
}
MESSAGE_TONES = {"info": "new", "success": "done", "warning": "warn", "error": "late"}


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """Draw the icon `name`; without `label` it is decoration and screen readers skip it."""
    return _drawn(name, str(label), extra)


@lru_cache(maxsize=1000)  # a list draws the same few hundreds of times
def _drawn(name: str, label: str, extra: str) -> SafeString:
    href = static("kit/icons.svg") + "#" + name
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><use href="{}"/></svg>',
            extra,
            label,
            href,
        )
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}"/></svg>', extra, href
    )


@register.filter
def tone_icon(tone: str) -> str:
    """Return the icon that goes with a tone, so that colour is never the only signal."""
    return TONE_ICONS.get(tone, "ring")


@register.filter
def as_icon(name: str) -> SafeString:
    """Draw the icon named by a variable, for where a tag cannot stand."""
    return icon(name)


@register.filter
def message_tone(level: str) -> str:
    """Return the tone of a message of django.contrib.messages."""
    return MESSAGE_TONES.get(level, "plain")


@register.simple_tag(takes_context=True)
def csrf_input(context: Context) -> SafeString:
    """Write the hidden CSRF field, also in an include with `only`, where csrf_token is empty."""
    request = getattr(context, "request", None)
    if request is None:
        return SafeString("")
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request)
    )


@register.filter
def duration(span: timedelta | None) -> str:
    """Say a length of time in its two largest units: 2 天 3 小时."""
    if span is None:
        return ""
    minutes = int(abs(span.total_seconds()) // 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((days, _days), (hours, _hours), (minutes, _minutes))
    first = next((place for place, (n, _say) in enumerate(parts) if n), None)
    if first is None:
        return _("不到 1 分钟")
    return " ".join(say(n) for n, say in parts[first : first + 2] if n)


def _days(n: int) -> str:
    return ngettext("%(n)s 天", "%(n)s 天", n) % {"n": n}


def _hours(n: int) -> str:
    return ngettext("%(n)s 小时", "%(n)s 小时", n) % {"n": n}


def _minutes(n: int) -> str:
    return ngettext("%(n)s 分钟", "%(n)s 分钟", n) % {"n": n}


@register.simple_tag
def remaining(due_at: datetime, at: datetime) -> str:
    """Say how long is left until `due_at`, or how long ago it passed."""
    if at < due_at:
        return _("还剩 %(span)s") % {"span": duration(due_at - at)}
    return _("已超 %(span)s") % {"span": duration(at - due_at)}


@register.simple_tag
def countdown(
    due_at: datetime, at: datetime | None = None, warn_at: datetime | None = None
) -> SafeString:
    """Write a deadline that runs, also when it is over; countdown.js moves its words on."""
    now = at or timezone.now()
    tone = deadline_tone(due_at, now)
    if tone == "active" and warn_at and warn_at <= now:
        tone = "warn"
    warn = f' data-warn="{iso(warn_at)}"' if warn_at else ""
    return SafeString(  # nothing in it comes from people but the words, which are ours
        f'<span class="deadline {tone}" data-countdown data-due="{iso(due_at)}"{warn}'
        f' title="{full(due_at)}">{icon(_RUNNING_ICONS.get(tone, "clock"))}'
        f"<span data-said>{escape(remaining(due_at, now))}</span></span>"
    )


_RUNNING_ICONS = {"late": "late", "warn": "warn"}


@register.simple_tag
def options(rows: Iterable[tuple[Any, str]], chosen: Any = None) -> SafeString:
    """Write the options of a long select from (value, label); the value `chosen` is selected."""
    return SafeString(
        "".join(
            f'<option value="{escape(str(value))}"{" selected" if value == chosen else ""}>'
            f"{escape(str(label))}</option>"
            for value, label in rows
        )
    )


@register.filter
def since(moment: datetime | None, at: datetime | None = None) -> str:
    """Say how long before `at` (default: now) `moment` was: 3 小时前."""
    if moment is None:
        return ""
    span = (at or timezone.now()) - moment
    if span < timedelta(minutes=1):
        return _("刚刚")
    if span < timedelta(hours=1):
        text = _("%(span)s前")
        return text % {"span": duration(timedelta(minutes=span.total_seconds() // 60))}
    if span < timedelta(days=1):
        return _("%(span)s前") % {"span": duration(timedelta(hours=span.total_seconds() // 3600))}
    if span < timedelta(days=31):
        return _("%(span)s前") % {"span": duration(timedelta(days=span.days))}
    return day(moment, at)


def _say_day(local: datetime, now: datetime) -> str:
    if local.date() == now.date():
        return _("今天")
    if local.date() == now.date() - timedelta(days=1):
        return _("昨天")
    if local.date() == now.date() + timedelta(days=1):
        return _("明天")
    parts = {"year": local.year, "month": local.month, "day": local.day}
    if local.year == now.year:
        return pgettext("day of this year", "%(month)s月%(day)s日") % parts
    return pgettext("day of another year", "%(year)s年%(month)s月%(day)s日") % parts


@register.filter
def day(moment: datetime | None, at: datetime | None = None) -> str:
    """Say the day of `moment` as seen from `at` (default: now): 今天, 昨天, 9月11日."""
    if moment is None:
        return ""
    return _say_day(timezone.localtime(moment), timezone.localtime(at or timezone.now()))


@register.simple_tag
def when(moment: datetime | None, at: datetime | None = None) -> SafeString:
    """Write `moment` as a <time> element: 今天 09:24, with the full date on hover and for print."""
    if moment is None:
        return SafeString("")
    local = timezone.localtime(moment)
    text = f"{_say_day(local, timezone.localtime(at or timezone.now()))} {local:%H:%M}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{local:%Y-%m-%d %H:%M}",
        text,
    )


@register.filter
def metres(length_m: float | None) -> str:
    """Say a length: 850 米, 2 公里, 2.4 公里."""
    if length_m is None:
        return ""
    if length_m < 1000:
        return _("%(n)s 米") % {"n": round(length_m)}
    return _("%(n)s 公里") % {"n": f"{length_m / 1000:.1f}".removesuffix(".0")}


@register.filter
def yuan(fen: int | None) -> str:
    """Say an amount kept in fen: 12,345 元, 12,345.60 元."""
    if fen is None:
        return ""
    whole, rest = divmod(abs(fen), 100)
    text = f"{'-' if fen < 0 else ''}{whole:,}" + (f".{rest:02d}" if rest else "")
    return _("%(amount)s 元") % {"amount": text}


@register.filter
def share(value: float | None) -> str:
    """Say a share in [0, 1] in per cent: 96.4 %; an unknown one is a dash."""
    if value is None:
        return "—"
    return f"{value * 100:.1f}".removesuffix(".0") + " %"


@register.filter
def css_share(value: float | None) -> str:
    """Return a share in [0, 1] as a CSS number, whatever the language's decimal comma."""
    return f"{min(max(value or 0, 0), 1):.4f}"


@register.filter
def mask(value: str | None, kind: str = "name") -> str:
    """Hide the middle of a name, phone, id or address; of an unknown kind, everything."""
    return MASKS.get(kind, lambda text: "*" * len(text))(value or "")


@register.filter
def at(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Return `mapping[key]`, or nothing where it is missing."""
    return mapping.get(key, "")


@register.filter
def is_widget(field: Any, kinds: str) -> bool:
    """Tell whether a bound field's widget is one of `kinds`, comma-separated input types."""
    widget = field.field.widget
    kind = getattr(widget, "input_type", None) or type(widget).__name__.lower()
    if getattr(widget, "allow_multiple_selected", False) and kind == "checkbox":
        kind = "checkboxes"
    return kind in kinds.split(",")


@register.simple_tag
def map_center() -> str:
    """Return where a map opens by default: "lon,lat", WGS 84 (setting MAP_CENTER)."""
    return getattr(settings, "MAP_CENTER", "114.935,25.831")


@register.filter
def iso(moment: datetime) -> str:
    """Return `moment` as JavaScript reads it."""
    return moment.isoformat(timespec="seconds")


@register.filter
def full(moment: datetime | None) -> str:
    """Say `moment` in full: 2025-09-11 09:24."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""


@register.filter
def deadline_tone(due_at: datetime, at: datetime | None = None) -> str:
    """Return late once the deadline has passed."""
    return "late" if (at or timezone.now()) >= due_at else "active"


@register.simple_tag(takes_context=True)
def page_link(context: Context, name: str, token: str) -> str:
    """Return this page's query string with the token of another page; filters stay."""
    request = getattr(context, "request", None)
    query = request.GET.copy() if request else QueryDict(mutable=True)
    query[name or "after"] = token
    return "?" + query.urlencode()


@register.filter
def chart_rows(chart: Mapping[str, Any]) -> list[tuple[Any, tuple[Any, ...]]]:
    """Turn a chart's series into table rows: each label with its value in every series."""
    series = [one["values"] for one in chart["series"]]
    return [
        (label, tuple(values[place] for values in series))
        for place, label in enumerate(chart["labels"])
    ]
