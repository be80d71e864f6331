"""Looking is on record; erasing leaves the journal whole."""

from datetime import timedelta

import pytest

from shaodao.cases import actions, policy
from shaodao.cases.models import Case, Remark
from shaodao.reports.models import Report
from shaodao.reports.tokens import find
from tests.town import MONDAY

HOUR = timedelta(hours=1)


def test_looking_at_a_reporters_phone_wants_a_purpose_and_is_journalled(town):
    case = town.case(status="FILED", phone="13800001111", name="测试")
    report = case.reports.get().report
    with pytest.raises(policy.MoveRefused, match="目的"):
        actions.unmask(case=case, report=report, purpose="", actor=town.intake, at=MONDAY)
    assert not case.journal.filter(name="unmask").exists()
    seen = actions.unmask(case=case, report=report, purpose="CALL", actor=town.intake, at=MONDAY)
    assert seen["phone"] == "13800001111"
    entry = case.journal.get(name="unmask")
    assert (entry.actor, entry.facts) == (town.intake, {"report": report.pk, "purpose": "CALL"})


def test_no_name_phone_or_sentence_stands_in_the_journal(town):
    case = town.case(
        status="CLOSED", phone="13800001111", name="陈测试", text="我家在三楼，下水道堵了"
    )
    written = "".join(str(e.facts) for e in case.journal.all())
    for personal in ("13800001111", "陈测试", "下水道", "已经"):
        assert personal not in written


def test_a_revoked_link_opens_nothing(town):
    case = town.case(status="FILED")
    report = case.reports.get().report
    token = town.link(report)
    assert find(token) == report
    actions.revoke_link(case=case, report=report, actor=None, at=MONDAY)
    assert find(token) is None


def test_what_is_kept_long_enough_is_erased_and_leaves_a_tombstone(town):
    case = town.case(status="CLOSED", phone="13800001111", name="陈测试", pictures=[town.picture()])
    n = case.n_entries
    actions.erase(case=case, at=MONDAY + timedelta(days=1200))
    case = Case.objects.get(pk=case.pk)
    report = Report.objects.get(case_link__case=case)
    assert (report.text, report.name, report.phone, report.address) == ("", "", "", "")
    assert report.number
    assert not report.photos.exclude(file="").exists()
    assert not Remark.objects.filter(case=case).exclude(text="").exists()
    assert case.n_entries == n + 1
    assert case.journal.order_by("seq").last().name == "erase"
    with pytest.raises(policy.MoveRefused, match="清除"):
        actions.unmask(case=case, report=report, purpose="CALL", actor=town.intake, at=MONDAY)
