"""A message is written once, in the transaction of what it tells, and sent in batches."""

from shaodao.notices import actions
from shaodao.notices.models import Notice
from tests.town import MONDAY


def test_a_message_with_a_known_key_is_not_written_again(town):
    for _ in range(3):
        actions.post(
            [("case:1:2:9", town.worker.pk, "", "新的派单", "/cases/1/")],
            about="case:1:2",
            at=MONDAY,
        )
    mine = Notice.objects.visible_to(town.worker).filter(about="case:1:2")
    assert mine.count() == 1
    assert mine.get().state == "SENT"


def test_what_waits_is_sent_once_and_what_nobody_can_be_told_fails(town):
    actions.post([("a", None, "13800000001", "有新进展", "/track/x/")], about="case:1:3", at=MONDAY)
    assert Notice.objects.get(key="a").state == "WAITING"
    actions.send_waiting()
    actions.send_waiting()
    sent = Notice.objects.get(key="a")
    assert (sent.state, sent.attempts) == ("SENT", 1)


def test_reading_marks_only_my_own_messages(town):
    for user in (town.worker, town.worker2):
        actions.post([(f"k{user.pk}", user.pk, "", "提醒", "")], about="case:1:4", at=MONDAY)
    newest = Notice.objects.order_by("-pk").first().pk
    assert actions.read(user=town.worker, upto=newest, at=MONDAY) == 1
    assert Notice.objects.get(to=town.worker2).read_at is None


def test_forgetting_takes_phone_and_words_and_leaves_the_count(town):
    actions.post([("b", None, "13800000001", "有新进展", "/track/x/")], about="case:7:3", at=MONDAY)
    actions.forget(about="case:7:")
    left = Notice.objects.get(key="b")
    assert (left.phone, left.text, left.link, left.state) == ("", "", "", "ERASED")
