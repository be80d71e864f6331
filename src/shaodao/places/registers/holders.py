"""Rows of the registers of people and their posts."""

import re

from shaodao.cores.wording import N_, Refusal
from shaodao.people.models import User
from shaodao.people.policy import (
    ROLE_LABELS,
    THREE_ADMINISTRATORS,
    Level,
    Role,
    check_post,
    check_together,
)

from .knowing import Known, Row

_USERNAME = re.compile(r"[A-Za-z0-9._-]{3,40}")
_MOBILE = re.compile(r"\+?\d{7,15}")


def decide_person(row: Row, known: Known) -> object:
    """Decide what becomes of a row; return what tells it apart, None while that is unknown."""
    name = row.text("name", most=40, is_needed=True)
    phone = row.text("phone", most=20, is_needed=True).replace("-", "").replace(" ", "")
    username, work_phone = row.text("username", most=40), row.text("work_phone", most=20)
    is_member = row.yes("is_member")
    unit = known.unit_of(row, "unit")
    row.label = name
    if phone and not _MOBILE.fullmatch(phone):
        row.fault("phone", N_("手机号认不出来"))
    if username and not _USERNAME.fullmatch(username):
        row.fault("username", N_("用户名由 3 到 40 个字母、数字、点、横线组成"))
    if row.faults or unit is None:
        return None
    by_phone, by_name = known.users.get(phone), known.users.get(username or phone)
    if by_phone and by_name and by_phone.pk != by_name.pk:
        row.fault("username", N_("用户名和手机号是两个人的"))
        return None
    user = by_phone or by_name
    if user is None:
        row.values = {
            "username": username or phone,
            "name": name,
            "phone": phone,
            "work_phone": work_phone,
            "email": "",
            "kept_by_id": unit.pk,
            "is_active": True,
            "is_party_member": bool(is_member),
            "must_change_password": True,
            "failed_logins": 0,
            "password": f"!import-{phone}",  # opens nothing
        }
        return phone
    if user.pk not in known.visible_users:
        row.fault("phone", N_("这个手机号是管理范围以外的账号"))
        return None
    if user.name != name:
        row.fault("name", N_("这个手机号的账号叫{name}"), name=user.name)
        return None
    wanted = {"work_phone": work_phone or None, "is_party_member": is_member}
    row.compare(user.pk, vars(user), wanted)
    return user.pk


_ROLES = {label: role for role, label in ROLE_LABELS.items()} | {
    "专职网格员": Role.GRID_WORKER,
    "网格长": Role.GRID_WORKER,
}


def decide_post(row: Row, known: Known) -> object:
    """Decide what becomes of a row; return what tells it apart, None while that is unknown."""
    who = row.text("phone", most=40, is_needed=True).replace(" ", "")
    said_role = row.text("role", most=20, is_needed=True)
    unit = known.unit_of(row, "unit", above="parent")
    is_head = True if said_role == "网格长" else row.yes("is_head")
    since = row.day("since") or known.today
    role = _role_of(row, said_role)
    user = _holder_of(row, known, who)
    row.label = f"{row.said.get('name', '') or who} {said_role}"
    if row.faults or unit is None or user is None or role is None:
        return None
    held = [p for p in known.posts.get(user.pk, ()) if p.unit_id == unit.pk and p.role == role]
    if held:
        row.compare(held[0].pk, {"is_head": held[0].is_head}, {"is_head": is_head})
        return user.pk, unit.pk, role
    try:
        check_post(role, Level(unit.level))
        check_together(role, known.roles_given[user.pk])
    except Refusal as refusal:
        row.fault("role", refusal.message, **refusal.values)
        return None
    known.roles_given[user.pk].add(role)
    row.values = {
        "user_id": user.pk,
        "unit_id": unit.pk,
        "role": role.value,
        "since": since.isoformat(),
        "is_head": bool(is_head),
    }
    return user.pk, unit.pk, role


def _role_of(row: Row, said: str) -> Role | None:
    role = _ROLES.get(said)
    if said and (role is None or role in (Role.REPORTER, Role.SYSTEM)):
        row.fault("role", N_("没有这种岗位"))
    if role in THREE_ADMINISTRATORS:
        row.fault("role", N_("管理员岗位请逐个任命，不能批量导入"))
    return role


def _holder_of(row: Row, known: Known, who: str) -> User | None:
    user = known.users.get(who)
    if user is None:
        if who:
            row.fault("phone", N_("没有这个账号，请先导入人员"))
    elif row.said.get("name") and row.said["name"] != user.name:
        row.fault("name", N_("这个手机号的账号叫{name}"), name=user.name)
    elif user.pk not in known.visible_users:
        row.fault("phone", N_("这个手机号是管理范围以外的账号"))
    elif user.pk == known.actor.pk:
        row.fault("phone", N_("不能办理自己的账号和岗位，请另一位管理员办理"))
    return user
