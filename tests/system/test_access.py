"""Every URL × every role: what each may open, and what each may send.

`RULES` names every URL there is. A URL without a rule fails the test, and so does a rule without a
URL. The case that is looked at lies in the first grid, goes over the street's desk and is led by
the housing bureau; whoever has nothing to do with it gets a 404, as if it were not there.
"""

from collections.abc import Iterator
from datetime import time, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from shaodao.cases import actions
from shaodao.cases.models import DutyItem, Limit, Patrol, Route, Sector
from shaodao.cases.policy import Status
from shaodao.notices.actions import NewText, set_text
from shaodao.notices.models import Notice
from shaodao.outreach import actions as outreach
from shaodao.outreach.models import Call
from shaodao.outreach.queries import token_of
from shaodao.people.models import Cover
from shaodao.places import actions as places
from shaodao.places.policy import Datum
from shaodao.sites import actions as sites
from shaodao.supervision.actions import supervise
from shaodao.whistles import actions as whistles
from shaodao.whistles.place_code import code_of
from shaodao.whistles.policy import Kind, Origin
from shaodao.workforce.actions import choosing, showing
from shaodao.workforce.actions.holding import claim
from shaodao.workforce.models import Appeal, Batch, Comment, Period, Proposal, Score, Selection
from tests.drawing.ground import written
from tests.sessions import sign_in
from tests.sites.ground import known
from tests.town import GRIDS, MONDAY

pytestmark = pytest.mark.requirement("Z02")

# ---- who ---------------------------------------------------------------------------------------

ANYBODY = frozenset({"anonymous"})
# Another county's; same county, another grid or bureau; a secretary's post is no case role.
FAR = frozenset({"village_worker", "stranger"})
BESIDE = frozenset({"other_worker", "city_handler"})
SECRETARY = frozenset({"secretary"})
WORKER, HANDLER = frozenset({"worker"}), frozenset({"handler"})
COMMUNITY = frozenset({"community_desk"})  # below the case's desk
INTAKE, DISPATCHER = frozenset({"intake"}), frozenset({"dispatcher"})
VERIFIER, LEADER = frozenset({"verifier"}), frozenset({"leader"})
CHIEFS = frozenset({"chief", "county_chief"})
DESK = INTAKE | DISPATCHER | VERIFIER | CHIEFS
SUPERVISING = DISPATCHER | LEADER | CHIEFS
STREET = INTAKE | DISPATCHER | frozenset({"chief"})  # who drafts whistles for the street
NEAR = WORKER | HANDLER | COMMUNITY | DESK | LEADER
ADMIN, SECURITY, AUDITOR = frozenset({"admin"}), frozenset({"security"}), frozenset({"auditor"})
ADMINISTRATORS = ADMIN | SECURITY | AUDITOR
OFFICE = NEAR | FAR | BESIDE | SECRETARY
STAFF = OFFICE | ADMINISTRATORS
EVERYBODY = STAFF | ANYBODY
AREA = NEAR - HANDLER | SECRETARY  # whose posts cover the first grid

# ---- what they get -----------------------------------------------------------------------------

PUBLIC = {200: EVERYBODY}
SENT_ONLY, READ_ONLY = {405: EVERYBODY}, {405: EVERYBODY}
SHOWN_STAFF = {200: STAFF, 302: ANYBODY}
# Log-in is asked for before the method is looked at, or the other way round: both are sound.
STAFF_READ_ONLY = {405: OFFICE, 403: ADMINISTRATORS, 302: ANYBODY}
STAFF_SENT_ONLY = STAFF_READ_ONLY


def office(status: int = 200) -> dict:
    """All staff but the three administrators."""
    return {status: OFFICE, 403: ADMINISTRATORS, 302: ANYBODY}


def only(who: frozenset, status: int = 200) -> dict:
    """These, and a plain refusal for all others: a page of somebody else's duty."""
    return {status: who, 403: STAFF - who, 302: ANYBODY}


def of_case(who: frozenset = NEAR, status: int = 200) -> dict:
    """These, and nothing there for all others."""
    return {status: who, 404: OFFICE - who, 403: ADMINISTRATORS, 302: ANYBODY}


AREA_READ = {200: AREA, 404: OFFICE - AREA, 403: ADMINISTRATORS, 302: ANYBODY}
REGISTERING = COMMUNITY | DISPATCHER | INTAKE | LEADER | CHIEFS | frozenset({"stranger"})
AREA_SENT = {302: AREA | ANYBODY, 404: OFFICE - AREA, 403: ADMINISTRATORS}
AREA_ASKED = {422: AREA, 302: ANYBODY, 404: OFFICE - AREA, 403: ADMINISTRATORS}
OF_COMMUNITY = AREA - WORKER
DECIDING = DISPATCHER | CHIEFS | SECRETARY | COMMUNITY  # on posts, lists, cards, candidates
GRID_WORKERS = WORKER | frozenset({"other_worker", "village_worker"})


def decided(status: int) -> dict:
    """Those who decide in the first grid; whoever only sees it is refused in words."""
    refused = {422: AREA - DECIDING, 404: OFFICE - AREA, 403: ADMINISTRATORS}
    return {status: DECIDING, 302: ANYBODY, **refused}


AUTHORS = (COMMUNITY | DESK | LEADER | SECRETARY | {"stranger"}) - VERIFIER
NEW_BY = WORKER | COMMUNITY | INTAKE | VERIFIER | FAR | frozenset({"other_worker"})

# Who keeps registers, and of the first grid's area.
KEEPERS = ADMIN | SECURITY | CHIEFS | DISPATCHER | COMMUNITY | SECRETARY | frozenset({"stranger"})
KEEPERS_HERE = KEEPERS - SECURITY - {"stranger"}
KEPT_REFUSED = {404: SECURITY, 403: STAFF - KEEPERS, 302: ANYBODY}
KEPT_READ = {200: KEEPERS - SECURITY, **KEPT_REFUSED}
IMPORT_OTHERS = {404: SECURITY | {"stranger"}, 403: STAFF - KEEPERS}
IMPORT_READ = {200: KEEPERS_HERE, **IMPORT_OTHERS, 302: ANYBODY}
IMPORT_SENT = {302: KEEPERS_HERE | ANYBODY, **IMPORT_OTHERS}
READERS = KEEPERS - ADMINISTRATORS | DESK | LEADER | frozenset({"stranger"})
READERS_READ = {200: READERS, 403: STAFF - READERS, 302: ANYBODY}
COMMUNITY_READ = {
    200: READERS - {"stranger"},
    404: frozenset({"stranger"}),
    403: STAFF - READERS,
    302: ANYBODY,
}
COVERAGE = READERS | ADMIN | SECURITY
COVERAGE_READ = {200: COVERAGE, 403: STAFF - COVERAGE, 302: ANYBODY}
CHIEF_KEEPERS = KEEPERS_HERE - ADMIN
CHIEF_OTHERS = {
    404: frozenset({"stranger"}),
    403: STAFF - CHIEF_KEEPERS - {"stranger"},
    302: ANYBODY,
}
CHIEF_ASKED = {200: CHIEF_KEEPERS, **CHIEF_OTHERS}
CHIEF_SENT = {422: CHIEF_KEEPERS, **CHIEF_OTHERS}
DEFECT_SENT = {422: AREA, 404: OFFICE - AREA, 403: ADMINISTRATORS, 302: ANYBODY}

# Who draws contact lists, and the first grid's; who sees the net, and the first grid in it.
DRAWERS = DECIDING | {"stranger"}
NET = AREA | FAR | BESIDE - {"city_handler"}


def drawn(status: int) -> dict:
    """Those who decide in the first grid's community; whoever else sees it is refused."""
    seen = AREA - WORKER | ADMINISTRATORS
    there = {status: DECIDING, 403: seen - DECIDING, 302: ANYBODY}
    return {**there, 404: STAFF - seen}


def drawn_sent(status: int) -> dict:
    """The same, with what those who decide are told of an empty form."""
    rule = drawn(status)
    return {**rule, 302: DECIDING | ANYBODY} if status == 302 else rule


# name: (what a GET gets, what an empty POST gets)
RULES: dict[str, tuple[dict, dict]] = {
    # the installation
    "health": (PUBLIC, READ_ONLY),
    "robots": (PUBLIC, READ_ONLY),
    "design": (PUBLIC, READ_ONLY),
    "preferences": (SENT_ONLY, {302: EVERYBODY}),
    # residents: no log-in
    "home": (PUBLIC, READ_ONLY),
    "report": (PUBLIC, {422: EVERYBODY}),
    "report_here": (PUBLIC, {422: EVERYBODY}),
    "report_around": (SENT_ONLY, PUBLIC),
    "kept_photo": ({404: EVERYBODY}, READ_ONLY),
    "suggest": (PUBLIC, READ_ONLY),
    "find_report": (PUBLIC, {422: EVERYBODY}),
    "track": (PUBLIC, READ_ONLY),
    "track_photo": (PUBLIC, READ_ONLY),
    "track_move": (SENT_ONLY, {302: EVERYBODY}),
    "nearby": (PUBLIC, READ_ONLY),
    "nearby_json": ({422: EVERYBODY}, READ_ONLY),
    "public_tile": (PUBLIC, READ_ONLY),
    "board": (PUBLIC, READ_ONLY),
    "board_case": (PUBLIC, READ_ONLY),
    "board_photo": (PUBLIC, READ_ONLY),
    "my_worker": (PUBLIC, READ_ONLY),
    "offline": (PUBLIC, READ_ONLY),
    "manifest": (PUBLIC, READ_ONLY),
    "service_worker": (PUBLIC, READ_ONLY),
    # one's own account
    "login": ({200: ANYBODY, 302: STAFF}, {403: ANYBODY, 302: STAFF}),
    "logout": (SENT_ONLY, {302: EVERYBODY}),
    "start": ({302: EVERYBODY}, READ_ONLY),
    "account": (SHOWN_STAFF, READ_ONLY),
    "password": (SHOWN_STAFF, SHOWN_STAFF),
    "second_factor": (
        {200: ADMINISTRATORS, 302: OFFICE | ANYBODY},
        {200: ADMINISTRATORS, 302: OFFICE | ANYBODY},
    ),
    "second_factor_setup": (
        {200: OFFICE, 302: ADMINISTRATORS | ANYBODY},
        {302: EVERYBODY},
    ),
    # accounts, posts, units, journals: three administrators, each their own
    "people": (only(ADMIN | SECURITY), READ_ONLY),
    "person": (only(ADMIN | SECURITY), READ_ONLY),
    "person_new": (only(ADMIN), only(ADMIN)),
    "person_do": (only(ADMIN), only(ADMIN)),
    "appoint": (only(SECURITY), only(SECURITY)),
    "post_end": (only(SECURITY), only(SECURITY)),
    "post_officer": (only(SECURITY), only(SECURITY)),
    "officer_recall": (only(SECURITY), only(SECURITY)),
    "units": ({302: ADMIN | SECURITY | ANYBODY, 403: STAFF - ADMIN - SECURITY}, READ_ONLY),
    "unit": (only(ADMIN | SECURITY), only(ADMIN | SECURITY)),
    "audit": (only(AUDITOR), READ_ONLY),
    "looks": (only(AUDITOR), READ_ONLY),
    # rules: read by all staff, set by one
    "limits": (SHOWN_STAFF, READ_ONLY),
    "routes": (SHOWN_STAFF, READ_ONLY),
    "parameters": (SHOWN_STAFF, READ_ONLY),
    "categories": (SHOWN_STAFF, READ_ONLY),
    "limit_new": (only(SECURITY), only(SECURITY)),
    "limit_end": (only(SECURITY), only(SECURITY)),
    "route_new": (only(SECURITY), only(SECURITY)),
    "route_end": (only(SECURITY), only(SECURITY)),
    "parameter_set": (only(SECURITY), only(SECURITY)),
    "category": (only(SECURITY), only(SECURITY)),
    "small_matter": (only(SECURITY), only(SECURITY)),
    "duty_lists": (SHOWN_STAFF, READ_ONLY),
    "duty_new": (only(SECURITY), only(SECURITY)),
    "duty_end": (only(SECURITY), only(SECURITY)),
    "sector_rules": (SHOWN_STAFF, READ_ONLY),
    "sector_new": (only(SECURITY), only(SECURITY)),
    "sector_end": (only(SECURITY), only(SECURITY)),
    "duties": (SHOWN_STAFF, {405: STAFF, 302: ANYBODY}),
    "routing": (SHOWN_STAFF, {405: STAFF, 302: ANYBODY}),
    # places
    "base_tile": (PUBLIC, READ_ONLY),
    "grid_tile": (PUBLIC, READ_ONLY),
    "my_households": (office(), STAFF_READ_ONLY),
    "grids": (office(), STAFF_READ_ONLY),
    "grid": (AREA_READ, STAFF_READ_ONLY),
    "grid_card": (AREA_READ, STAFF_READ_ONLY),
    "grid_card_png": (AREA_READ, STAFF_READ_ONLY),
    "grid_card_sheet": (AREA_READ, STAFF_READ_ONLY),
    # the workforce: what everybody may see
    "door": ({302: EVERYBODY}, READ_ONLY),
    "team": (PUBLIC, READ_ONLY),
    "team_photo": ({404: EVERYBODY}, READ_ONLY),
    "candidate_notices": (PUBLIC, READ_ONLY),
    "candidate_notice": (PUBLIC, {422: EVERYBODY}),
    # the workforce: lists hold what each may see, the policy says who may do what
    "charges": (office(), STAFF_READ_ONLY),
    "grid_charges": (AREA_READ, STAFF_READ_ONLY),
    "claim_charge": (STAFF_SENT_ONLY, AREA_SENT),
    "move_holding": (AREA_READ, AREA_ASKED),
    "rosters": (office(), STAFF_READ_ONLY),
    "roster": (AREA_READ, STAFF_READ_ONLY),
    "excuse": (AREA_READ, AREA_ASKED),
    "end_excuse": (STAFF_SENT_ONLY, AREA_SENT),
    "cover": (AREA_READ, AREA_ASKED),
    "end_cover": (STAFF_SENT_ONLY, AREA_SENT),
    "lists": (AREA_READ, AREA_SENT),
    "worker_home": (AREA_READ, AREA_ASKED),
    "keep_wish": (STAFF_SENT_ONLY, AREA_SENT),
    "proposal": (of_case(OF_COMMUNITY), of_case(OF_COMMUNITY, 422)),
    "party": (office(), STAFF_READ_ONLY),
    "count_members": (AREA_READ, AREA_ASKED),
    "selections": (office(), STAFF_READ_ONLY),
    "selection_new": (AREA_READ, AREA_ASKED),
    "selection": (AREA_READ, STAFF_READ_ONLY),
    "nominate": (STAFF_SENT_ONLY, AREA_ASKED),
    "publish_selection": (STAFF_SENT_ONLY, AREA_SENT),
    "close_selection": (AREA_READ, AREA_ASKED),
    "mark_candidate": (AREA_READ, AREA_ASKED),
    "answer_comment": (AREA_READ, AREA_ASKED),
    "appointments": (only(SECURITY), {405: STAFF, 302: ANYBODY}),
    "appoint_chosen": (only(SECURITY), only(SECURITY, 422)),
    "cards": (office(), STAFF_READ_ONLY),
    "area_cards": (AREA_READ, AREA_ASKED),
    "card_batch": (of_case(OF_COMMUNITY), STAFF_READ_ONLY),
    "card_file": ({404: OFFICE, 403: ADMINISTRATORS, 302: ANYBODY}, STAFF_READ_ONLY),
    "grid_boards": (AREA_READ, STAFF_READ_ONLY),
    "board_file": (STAFF_SENT_ONLY, decided(200)),
    "mark_promise": (AREA_READ, AREA_ASKED),
    "periods": (office(), STAFF_READ_ONLY),
    "period_new": (of_case(CHIEFS | {"stranger"}), of_case(CHIEFS | {"stranger"}, 422)),
    "period": (of_case(OFFICE), STAFF_READ_ONLY),
    "freeze_period": (STAFF_SENT_ONLY, {302: OFFICE | ANYBODY, 403: ADMINISTRATORS}),
    "decide_appeal": (AREA_READ, AREA_ASKED),
    "workforce_mine": (office(), STAFF_READ_ONLY),
    "disclosure": (
        office(),
        {302: GRID_WORKERS | ANYBODY, 422: OFFICE - GRID_WORKERS, 403: ADMINISTRATORS},
    ),
    "promise": (STAFF_SENT_ONLY, office(422)),
    "end_promise": (
        STAFF_SENT_ONLY,
        {302: WORKER | ANYBODY, 404: OFFICE - WORKER, 403: ADMINISTRATORS},
    ),
    "my_appraisal": (office(), STAFF_READ_ONLY),
    "appeal": (of_case(WORKER), of_case(WORKER, 422)),
    "portrait": ({404: OFFICE, 403: ADMINISTRATORS, 302: ANYBODY}, STAFF_READ_ONLY),
    "workforce_rules": (SHOWN_STAFF, {405: STAFF, 302: ANYBODY}),
    "charge": (only(SECURITY), only(SECURITY, 422)),
    "weights": (only(SECURITY), only(SECURITY, 422)),
    "grid_changes": (only(ADMIN), {405: STAFF, 302: ANYBODY}),
    "grid_change": (only(ADMIN), only(ADMIN, 422)),
    "grid_change_cancel": (
        {405: STAFF, 302: ANYBODY},
        {302: ADMIN | ANYBODY, 403: STAFF - ADMIN},
    ),
    "registers": (only(KEEPERS), {405: STAFF, 302: ANYBODY}),
    "register_template": (KEPT_READ, {405: STAFF, 302: ANYBODY}),
    "register_export": (KEPT_READ, {405: STAFF, 302: ANYBODY}),
    "register_upload": (KEPT_READ, {422: KEEPERS - SECURITY, **KEPT_REFUSED}),
    "import": (IMPORT_READ, {405: STAFF, 302: ANYBODY}),
    "import_do": ({405: STAFF, 302: ANYBODY}, IMPORT_SENT),
    "compounds": (office(), STAFF_READ_ONLY),
    "compound": (AREA_READ, STAFF_READ_ONLY),
    "communities": (READERS_READ, STAFF_READ_ONLY),
    "community": (COMMUNITY_READ, STAFF_READ_ONLY),
    "building_chief": (CHIEF_ASKED, CHIEF_SENT),
    # drawing contact lists, and the map of the net
    "drawings": (only(DRAWERS), STAFF_READ_ONLY),
    "draw_village": (drawn(200), drawn(422)),
    "drawing": (drawn(200), STAFF_READ_ONLY),
    "drawing_homes": (drawn(200), STAFF_READ_ONLY),
    "drawing_changes": (drawn(200), STAFF_READ_ONLY),
    "drawing_effect": (drawn(422), STAFF_READ_ONLY),
    "change_drawing": (STAFF_SENT_ONLY, drawn_sent(302)),
    "adopt_drawing": (STAFF_SENT_ONLY, drawn(422)),
    "net": ({302: NET | ANYBODY, 403: STAFF - NET}, STAFF_READ_ONLY),
    "net_area": (
        {200: NET & AREA, 302: ANYBODY, 403: STAFF - NET, 404: NET - AREA},
        STAFF_READ_ONLY,
    ),
    "coverage": (COVERAGE_READ, {405: STAFF, 302: ANYBODY}),
    # messages: one's own
    "mailbox": (SHOWN_STAFF, {405: STAFF, 302: ANYBODY}),
    "mark_read": ({405: STAFF, 302: ANYBODY}, {302: EVERYBODY}),
    "open_notice": (
        {405: STAFF, 302: ANYBODY},
        {302: DISPATCHER | ANYBODY, 404: STAFF - DISPATCHER},
    ),
    "notice_preferences": (SHOWN_STAFF, SHOWN_STAFF),
    # outside the sample town only for whoever runs the channels
    "outgoing": (only(ADMIN), {405: STAFF, 302: ANYBODY}),
    "resend_notice": (
        {405: STAFF, 302: ANYBODY},
        {302: ADMIN | ANYBODY, 403: STAFF - ADMIN},
    ),
    "channels": (only(ADMIN), {405: STAFF, 302: ANYBODY}),
    "channel_switch": (only(ADMIN), only(ADMIN)),
    "notice_texts": (SHOWN_STAFF, {405: STAFF, 302: ANYBODY}),
    "notice_text_set": (only(SECURITY), only(SECURITY)),
    "notice_text_end": (only(SECURITY), only(SECURITY)),
    # announcements, calls, visits and rounds: of households under one's posts
    "announcements": (office(), STAFF_READ_ONLY),
    "announcement_new": (of_case(AUTHORS), of_case(AUTHORS, 422)),
    "announcement": (of_case(AREA), STAFF_READ_ONLY),
    "announcement_calls": (of_case(AREA), STAFF_READ_ONLY),
    "announcement_move": (
        STAFF_SENT_ONLY,
        {302: AREA | ANYBODY, 404: OFFICE - AREA, 403: ADMINISTRATORS},
    ),
    "calls": (office(), STAFF_READ_ONLY),
    "call_mark": (STAFF_SENT_ONLY, {302: AREA | ANYBODY, 404: OFFICE - AREA, 403: ADMINISTRATORS}),
    "call_phone": (
        STAFF_SENT_ONLY,
        {200: AREA, 302: ANYBODY, 404: OFFICE - AREA, 403: ADMINISTRATORS},
    ),
    "told": (PUBLIC, PUBLIC),
    "door_phone": (
        of_case(AREA),
        {302: WORKER | ANYBODY, 422: AREA - WORKER, 404: OFFICE - AREA, 403: ADMINISTRATORS},
    ),
    "visits": (office(), STAFF_READ_ONLY),
    "visit_new": (office(), office(422)),
    "visit_mark": (STAFF_SENT_ONLY, {302: AREA | ANYBODY, 404: OFFICE - AREA, 403: ADMINISTRATORS}),
    "round_plan": (STAFF_SENT_ONLY, {302: OFFICE | ANYBODY, 403: ADMINISTRATORS}),
    "round": (
        {200: WORKER, 404: OFFICE - WORKER, 403: ADMINISTRATORS, 302: ANYBODY},
        STAFF_READ_ONLY,
    ),
    "round_sheet": (
        {200: WORKER, 404: OFFICE - WORKER, 403: ADMINISTRATORS, 302: ANYBODY},
        STAFF_READ_ONLY,
    ),
    # figures
    "figures": (office(), STAFF_READ_ONLY),
    "figure": (office(), STAFF_READ_ONLY),
    "grid_figures": (AREA_READ, STAFF_READ_ONLY),
    # cases: lists hold what each may see
    "desk": (office(), STAFF_READ_ONLY),
    "today": (office(), STAFF_READ_ONLY),
    "workload": (office(), STAFF_READ_ONLY),
    # the ladder
    "command": (office(), STAFF_READ_ONLY),
    "sectors": (office(), STAFF_READ_ONLY),
    "sector": (office(), STAFF_READ_ONLY),
    "grid_routes": (office(), STAFF_READ_ONLY),
    "case_tile": (office(), STAFF_READ_ONLY),
    "bulk_dispatch": (office(), office()),
    "bulk_file": (office(), office()),
    "bulk_merge": (office(), office(422)),
    "new_case": (of_case(NEW_BY), of_case(NEW_BY, 422)),
    "compound_defects": (AREA_READ, DEFECT_SENT),
    "renovation_list": (office(), STAFF_READ_ONLY),
    "patrol_done": (
        STAFF_SENT_ONLY,
        {302: AREA | ANYBODY, 404: OFFICE - AREA, 403: ADMINISTRATORS},
    ),
    # supervision: who sees the case sees it; whoever has a say over its area issues it
    # whistles: the street's, on a case of its own that the housing bureau is called to
    "whistles": (office(), STAFF_READ_ONLY),
    "whistle_area": (office(), STAFF_READ_ONLY),
    "arbitration": (office(), STAFF_READ_ONLY),
    "whistle_rules": (SHOWN_STAFF, READ_ONLY),
    "whistle_limit_new": (only(SECURITY), only(SECURITY, 422)),
    "responder_new": (only(SECURITY), only(SECURITY, 422)),
    "whistle": (of_case(), STAFF_READ_ONLY),
    "whistle_wall": (of_case(), STAFF_READ_ONLY),
    "whistle_card": (of_case(), STAFF_READ_ONLY),
    "whistle_code": (of_case(), STAFF_READ_ONLY),
    "whistle_here": (
        {302: NEAR | ANYBODY, 404: OFFICE - NEAR, 403: ADMINISTRATORS},
        STAFF_READ_ONLY,
    ),
    "whistle_new": (of_case(STREET), of_case(STREET, 422)),
    "whistle_edit": (of_case(), of_case(status=422)),
    "whistle_for": (
        STAFF_SENT_ONLY,
        {302: NEAR | ANYBODY, 404: OFFICE - NEAR, 403: ADMINISTRATORS},
    ),
    "whistle_move": (of_case(), of_case(status=422)),  # confer: nobody has come
    "summons_move": (  # sign
        of_case(),
        {302: HANDLER | ANYBODY, 422: NEAR - HANDLER, 404: OFFICE - NEAR, 403: ADMINISTRATORS},
    ),
    "supervisions": (office(), STAFF_READ_ONLY),
    "supervision": (of_case(), STAFF_READ_ONLY),
    "supervision_sheet": (of_case(), STAFF_READ_ONLY),
    "supervise": (of_case(SUPERVISING), of_case(SUPERVISING, 422)),
    "supervision_move": (of_case(), of_case(status=422)),  # reply: it needs words
    # sites: kept by the desks of the area, seen by whoever sees a case of one
    "sites": (office(), STAFF_READ_ONLY),
    "site_new": (of_case(REGISTERING), of_case(REGISTERING, 422)),
    "site": (of_case(), STAFF_READ_ONLY),
    "site_edit": (of_case(), of_case(status=422)),
    "site_solve": (of_case(), of_case(status=422)),
    "site_move": (of_case(), of_case(status=422)),
    "site_link": (STAFF_SENT_ONLY, {302: NEAR | ANYBODY, 404: OFFICE - NEAR, 403: ADMINISTRATORS}),
    "site_unlink": (of_case(), of_case(status=422)),
    # one case: who sees it may ask for its pages, the table decides what may be sent
    "case": (of_case(), STAFF_READ_ONLY),
    "case_sheet": (of_case(), STAFF_READ_ONLY),
    "case_photo": (of_case(), STAFF_READ_ONLY),
    "unmask": (of_case(), of_case(status=422)),
    "release": (of_case(DESK), of_case(DESK, 422)),
    "conceal": (STAFF_SENT_ONLY, {302: NEAR | ANYBODY, 404: OFFICE - NEAR, 403: ADMINISTRATORS}),
    "case_ask": (of_case(), of_case(status=422)),
    "case_move": (  # arrive
        of_case(),
        {302: HANDLER | ANYBODY, 422: NEAR - HANDLER, 404: OFFICE - NEAR, 403: ADMINISTRATORS},
    ),
    "approval_decide": (
        of_case(),
        {302: CHIEFS | ANYBODY, 422: NEAR - CHIEFS, 404: OFFICE - NEAR, 403: ADMINISTRATORS},
    ),
}


# ---- the walk ----------------------------------------------------------------------------------


def names(patterns=None) -> Iterator[str]:
    """Yield the name of every URL there is."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names(pattern.url_patterns)
        else:
            assert pattern.name, f"{pattern.pattern} has no name: give it one"
            yield pattern.name


@pytest.fixture(autouse=True)
def _not_the_sample_town(settings):
    settings.DEMO = False


@pytest.fixture
def addresses(town) -> dict[str, str]:
    """The address of every URL, at the rows the rules speak of."""
    case = town.case(Status.HANDLING, pictures=[town.picture()], name="温如玉", phone="13711112222")
    report = case.reports.get().report
    later = MONDAY + timedelta(hours=1)
    asked = actions.ask(case=case, name="extend", actor=town.handler, at=later, note="等配件")
    closed = town.case(Status.CLOSED, pictures=[town.picture()])
    before = closed.reports.get().report.photos.get().file
    actions.release(
        case=closed, title="地砖", text="修好了", actor=town.intake, at=later, before=before
    )
    urged = supervise(
        case=case, unit=town.housing, kind="URGE", reason="催问", actor=town.chief, at=later
    )
    site = sites.register(known=known(), actor=town.chief, at=later)
    sites.link(site=site, case=case, actor=town.chief, at=later)
    whistle = whistles.draft(
        case=town.case(Status.FILED), kind=Kind.EMERGENCY, origin=Origin.STREET,
        units=[town.housing], lead=town.housing, reason="塌陷", actor=town.dispatcher, at=later,
    )  # fmt: skip
    whistles.move(whistle=whistle, name="blow_now", actor=town.dispatcher, at=later)
    blown = {"pk": whistle.pk}
    actions.plan(at=MONDAY)
    workforce = _workforce(town)
    patrol = Patrol.objects.filter(worker=town.worker).first()
    notice = Notice.objects.filter(to=town.dispatcher).first()
    text = set_text(
        new=NewText(
            "case_step", "{number} {step}", MONDAY.date(), "试行", unit=town.county
        ),
        actor=town.security, at=MONDAY, why="试行",
    )  # fmt: skip
    tile = {"z": 14, "x": 1, "y": 1}
    grid, link, one = {"code": GRIDS[0]}, {"token": town.link(report)}, {"pk": case.pk}
    worker = {"pk": town.worker.pk}
    later_day = MONDAY.date() + timedelta(days=9)
    change = places.plan_renaming(
        grid=town.grids[GRIDS[1]], name="新", since=later_day, actor=town.admin, at=MONDAY, why="x"
    )
    batch = places.bring_in(
        register="households", file_name="户.csv", content=[b"\n"], datum=Datum.WGS84,
        actor=town.community_desk, at=MONDAY,
    )  # fmt: skip
    households = {"code": "households"}
    worker, told = {"pk": town.worker.pk}, _told(town)
    where = {
        **workforce,
        "report_here": grid,
        "kept_photo": {"token": "x"},
        "track": link,
        "track_photo": link | {"which": f"p{report.photos.get().pk}"},
        "track_move": link | {"verb": "withdraw"},
        "public_tile": tile,
        "board_case": {"pk": closed.pk},
        "board_photo": {"pk": closed.pk, "which": "before"},
        "person": worker,
        "person_do": worker | {"name": "deactivate"},
        "appoint": worker,
        "post_end": {"pk": town.worker.posts.get().pk},
        "post_officer": {"pk": town.city_handler.posts.get().pk},
        "officer_recall": {"pk": town.city_handler.posts.get().pk},
        "duty_end": {"pk": DutyItem.objects.filter(unit=town.street).first().pk},
        "sector_end": {"pk": Sector.objects.first().pk},
        "sector": {"code": "ENVIRONMENT"},
        "unit": {"pk": town.street.pk},
        "limit_end": {"pk": Limit.objects.first().pk},
        "route_end": {"pk": Route.objects.first().pk},
        "parameter_set": {"name": "report_photos"},
        "category": {"code": "ROAD_DAMAGE"},
        "small_matter": {"code": "ROAD_DAMAGE"},
        "grid_change": grid,
        "grid_change_cancel": {"pk": change.pk},
        "register_template": households,
        "register_export": households | {"kind": "csv"},
        "register_upload": households,
        "import": {"pk": batch.pk},
        "import_do": {"pk": batch.pk, "verb": "cancel"},
        "compound": {"pk": town.compound.pk},
        "community": {"code": town.community.code},
        "building_chief": {"pk": town.building.pk},
        "compound_defects": {"pk": town.compound.pk},
        "base_tile": tile,
        "grid_tile": tile,
        "case_tile": tile,
        "grid": grid,
        "grid_card": grid,
        "grid_card_png": grid,
        "grid_card_sheet": grid,
        "grid_figures": grid,
        "figure": {"slug": "lead-time"},
        "open_notice": {"pk": notice.pk},
        "resend_notice": {"pk": notice.pk},
        "channel_switch": {"channel": "SMS", "verb": "pause"},
        "notice_text_set": {"kind": "case_step"},
        "notice_text_end": {"pk": text.pk},
        "patrol_done": {"pk": patrol.pk},
        "case": one,
        "case_sheet": one | {"kind": "filing"},
        "case_photo": one | {"kind": "report", "photo": report.photos.get().pk},
        "unmask": one | {"report": report.pk},
        "release": one,
        "conceal": one,
        "case_ask": one | {"name": "extend"},
        "case_move": one | {"name": "arrive"},
        "site": {"pk": site.pk},
        "site_edit": {"pk": site.pk},
        "site_solve": {"pk": site.pk},
        "site_move": {"pk": site.pk, "name": "void"},
        "site_link": {"pk": site.pk},
        "site_unlink": {"pk": site.pk, "case": case.pk},
        "whistle": blown,
        "whistle_wall": blown,
        "whistle_card": blown,
        "whistle_code": blown,
        "whistle_here": {"code": code_of(whistle)},
        "whistle_new": {"case": case.pk},
        "whistle_edit": blown,
        "whistle_for": {"case": case.pk},
        "whistle_move": blown | {"name": "confer"},
        "summons_move": blown | {"summons": whistle.summonses.get().pk, "name": "sign"},
        "supervision": {"pk": urged.pk},
        "supervision_sheet": {"pk": urged.pk},
        "supervise": {"case": case.pk},
        "supervision_move": {"pk": urged.pk, "name": "reply"},
        "approval_decide": one | {"approval": asked.pk},
    }
    return {name: reverse(name, kwargs=(where | told).get(name)) for name in RULES}


def _told(town) -> dict[str, dict]:
    """An announcement to the first grid that is under way, and a worker's visit and round."""
    words = outreach.Words(title="停水通知", text="请提前接水")
    row = outreach.announce(
        key=uuid4(), words=words, unit=town.community, areas=[town.grid], compounds=[],
        actor=town.community_desk, at=MONDAY,
    )  # fmt: skip
    outreach.move(announcement=row, name="send", actor=town.community_desk, at=MONDAY)
    home, reason = town.household, "看望老人"
    visit = outreach.plan_visit(household=home, reason=reason, actor=town.worker, at=MONDAY)
    planned = {"day": MONDAY.date(), "leaves": time(9)}
    outreach.plan_round(**planned, actor=town.worker, at=MONDAY)
    call, one = Call.objects.get(announcement=row, household=home), {"pk": row.pk}
    return {
        "announcement": one,
        "announcement_calls": one,
        "announcement_move": one | {"name": "close"},
        "call_mark": {"pk": call.pk},
        "call_phone": {"pk": call.pk},
        "told": {"token": token_of(call)},
        "door_phone": {"pk": home.pk},
        "visit_mark": {"pk": visit.pk},
        "round": {"day": MONDAY.date().isoformat()},
        "round_sheet": {"day": MONDAY.date().isoformat()},
    }


def _workforce(town) -> dict[str, dict]:
    """The rows of the first grid's workforce that the rules speak of."""
    at, desk, grid = timezone.now(), town.community_desk, town.grids[GRIDS[0]]
    today, code, home = timezone.localdate(at), {"code": GRIDS[0]}, town.community.pk
    holding = claim(grid=grid, code="POLICY", actor=town.worker, at=at)
    away = Cover.objects.create(
        absent=town.worker, by=town.worker2, since=today, until=today + timedelta(days=9)
    )
    row = choosing.open_selection(grid=grid, is_head=False, actor=desk, at=at)
    candidate = choosing.nominate(selection=row, person=town.worker2, actor=desk, at=at)
    public = Selection.objects.create(
        grid=grid, status="NOTICE", opened_at=at, opened_by=desk, notice_from=today,
        notice_until=today + timedelta(days=5),
    )  # fmt: skip
    comment = Comment.objects.create(selection=public, text="支持", at=at)
    batch = Batch.objects.create(
        unit=town.community, paper="A6", status="WAITING", asked_at=at, asked_by=desk, site="/"
    )
    promise = showing.promise(text="随叫随到", actor=town.worker, at=at)
    period = Period.objects.create(
        unit=town.prefecture, name="九月", since=today, until=today + timedelta(days=30),
        opened_by=town.chief,
    )  # fmt: skip
    score = Score.objects.create(period=period, worker=town.worker, unit=town.grid, lines=[])
    appeal = Appeal.objects.create(score=score, text="少算了", at=at)
    proposal = Proposal.objects.create(unit=town.community, made_at=at, made_by=desk, rows=[])
    member = {"pk": home, "person": town.worker.pk}
    draft = {"pk": written(town).pk}
    return {
        "draw_village": {"pk": home},
        "drawing": draft,
        "drawing_homes": draft | {"n": 1},
        "drawing_changes": draft,
        "drawing_effect": draft,
        "change_drawing": draft | {"verb": "move"},
        "adopt_drawing": draft,
        "net_area": {"pk": town.grid.pk},
        "door": {"code": f"h{town.household.pk}"},
        "team": code,
        "team_photo": {"pk": town.worker.pk},
        "portrait": {"pk": town.worker.pk},
        "candidate_notice": {"pk": public.pk},
        "grid_charges": code,
        "claim_charge": code | {"charge": "SAFETY"},
        "move_holding": {"pk": holding.pk, "name": "withdraw"},
        "roster": {"pk": home},
        "excuse": member,
        "end_excuse": member,
        "cover": member,
        "end_cover": {"pk": away.pk},
        "lists": {"pk": home},
        "worker_home": member,
        "keep_wish": {"pk": town.household.pk, "wants": "keep"},
        "proposal": {"pk": proposal.pk},
        "count_members": code,
        "selection_new": code,
        "selection": {"pk": row.pk},
        "nominate": {"pk": row.pk},
        "publish_selection": {"pk": row.pk},
        "close_selection": {"pk": row.pk},
        "mark_candidate": {"pk": candidate.pk, "code": "DEVOTION"},
        "answer_comment": {"pk": comment.pk},
        "appoint_chosen": {"pk": public.pk},
        "area_cards": {"pk": home},
        "card_batch": {"pk": batch.pk},
        "card_file": {"pk": batch.pk},
        "grid_boards": code,
        "board_file": code | {"kind": "ROADSIDE"},
        "mark_promise": {"pk": promise.pk},
        "end_promise": {"pk": promise.pk},
        "period": {"pk": period.pk},
        "freeze_period": {"pk": period.pk},
        "decide_appeal": {"pk": appeal.pk},
        "appeal": {"pk": score.pk},
        "charge": {"code": "POLICY"},
        "weights": {"which": "criteria"},
    }


def status_of(client: Client, method: str, url: str) -> int:
    response = getattr(client, method)(url)
    if response.streaming:
        list(response.streaming_content)  # to its end, which closes the file
    return response.status_code


def expected(spec: dict, who: str) -> int:
    return next(status for status, group in spec.items() if who in group)


def test_every_url_has_a_rule_and_every_rule_a_url():
    known = set(names())
    assert known - RULES.keys() == set(), "a new URL: say in RULES who gets what from it"
    assert RULES.keys() - known == set(), "a rule whose URL is gone: take it out"


@pytest.mark.parametrize("name", sorted(RULES))
def test_each_rule_speaks_of_everybody_once(name):
    for spec in RULES[name]:
        groups = [who for group in spec.values() for who in group]
        assert sorted(groups) == sorted(EVERYBODY)


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_each_role_gets_what_the_rules_say(town, addresses, who):
    """About 160 requests: half a second of work, more on a busy machine."""
    client = Client(raise_request_exception=False)
    if who != "anonymous":
        sign_in(client, getattr(town, who))
    cookies = client.cookies.copy()
    wrong = []
    for name, specs in RULES.items():
        for method, spec in zip(("get", "post"), specs, strict=True):
            client.cookies = cookies.copy()
            with transaction.atomic():
                status = status_of(client, method, addresses[name])
                transaction.set_rollback(True)
            if status != (right := expected(spec, who)):
                wrong.append(f"{name} {method}: {status}, not {right}")
    assert not wrong, "\n".join([who, *wrong])


@pytest.mark.parametrize("name", sorted(name for name in RULES if RULES[name][1] != READ_ONLY))
def test_whatever_can_be_sent_is_refused_without_the_forms_token(town, addresses, name):
    spec = RULES[name][1]
    allowed = [one for one in sorted(STAFF) if expected(spec, one) not in (403, 404, 405)]
    who = next(iter(allowed), "anonymous")
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if who != "anonymous":
        sign_in(client, getattr(town, who))
    assert client.post(addresses[name]).status_code in (403, 405)


def test_a_stopped_post_sees_nothing(town, addresses):
    town.intake.posts.update(until=MONDAY.date(), since=MONDAY.date() - timedelta(days=9))
    client = sign_in(Client(), town.intake)
    assert client.get(addresses["case"]).status_code == 404


def test_rows_of_another_county_are_not_there_for_its_administrators(town):
    for name, user, pk in (
        ("person", town.admin, town.village_worker.pk),
        ("appoint", town.security, town.village_worker.pk),
        ("post_end", town.security, town.village_worker.posts.get().pk),
        ("unit", town.admin, town.village.pk),
        ("unit", town.admin, town.prefecture.pk),
    ):
        client = sign_in(Client(), user)
        assert client.get(reverse(name, args=[pk])).status_code == 404
