"""What several pages of people share."""

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.kit.paging import Page, keyset
from shaodao.people import policy
from shaodao.people.models import AccountEntry, Unit, User, roles_of
from shaodao.people.policy import Role
from shaodao.people.queries import units_by_id

PAGE = 40  # rows of a list
ADMINISTRATORS = frozenset({Role.ADMIN, Role.SECURITY})


def next_page(request: HttpRequest, default: str = "/accounts/start/") -> str:
    """Return the page that was asked for before the log-in, if it is one of ours."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if safe else default


def only(request: HttpRequest, roles: frozenset[Role]) -> None:
    """Let nobody in without one of `roles`."""
    if not roles & roles_of(request.user):
        raise PermissionDenied


def units_to_name(user: User) -> list[Unit]:
    """Return units to offer while a unit is typed; whoever knows another one types its code."""
    return list(Unit.objects.visible_to(user).in_force().order_by("path")[:300])


def in_words(labels: Mapping) -> dict[str, str]:
    """Return a table's labels in the reader's language."""
    return {code: _(label) for code, label in labels.items()}


def history(entries, request: HttpRequest) -> Page:
    """Return the page of a journal the URL asks for, newest first."""
    return keyset(
        entries.select_related("actor"),
        order=[("seq", "desc")],
        after=request.GET.get("after"),
        size=PAGE,
    )


def told(page: Page) -> list[dict[str, object]]:
    """Return entries of the journal as a history shows them."""
    return [
        {
            "label": _(policy.entry_label(entry.name)),
            "at": entry.at,
            "who": entry.actor.name if entry.actor_id else "",
            "text": _facts(entry),
            "note": entry.why,
            "tone": _TONES.get(entry.name, "plain"),
        }
        for entry in page
    ]


_TONES = {"lock_out": "late", "log_in_refused": "warn", "deactivate": "void", "appoint": "done"}


def _facts(entry: AccountEntry) -> str:
    """Return what an entry says beside its name, in words where there are words for it."""
    facts = entry.facts
    said = [_(policy.ROLE_LABELS[Role(facts["role"])])] if "role" in facts else []
    if (pk := facts.get("unit")) in (known := units_by_id()):
        said.append(known[pk].short_name)
    plain = [facts.get(key) for key in ("since", "from", "until", "value", "by")]
    words = [word for value in plain if isinstance(value, str) for word in value.split()]
    return " ".join([*said, *(_(_WORDS.get(word, word)) for word in words)])


_WORDS = {
    "password": N_("密码"),
    "oidc": N_("统一身份认证"),
    "NATURAL_MINUTES": N_("分钟"),
    "NATURAL_HOURS": N_("小时"),
    "WORKING_HOURS": N_("工作时"),
    "WORKING_DAYS": N_("工作日"),
}
