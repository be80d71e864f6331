"""What is tidied away after residents: pictures never sent, counts of senders."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from shaodao.kit.images import thumb_of
from shaodao.reports.models import Photo, Sending
from shaodao.residents.actions import ORPHANS_AFTER, named_by_rows, tidy
from tests.residents.test_reporting import jpeg, publish, send

pytestmark = pytest.mark.django_db


def test_pictures_never_sent_go_and_those_of_a_report_stay(client, town, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    send(client, town, photos=jpeg())
    send(client, town, phone="?", photos=jpeg())  # refused, and never tried again
    assert len(list(tmp_path.rglob("*.jpg"))) == 4  # each has a small one beside it
    long_ago = (timezone.now() - ORPHANS_AFTER - timedelta(hours=1)).timestamp()
    for path in tmp_path.rglob("*.jpg"):
        os.utime(path, (long_ago, long_ago))
    tidy(timestamp=0)
    sent = Photo.objects.get().file
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.jpg")}
    assert left == {sent, thumb_of(sent)}


def test_pictures_staff_took_or_released_are_named_too(town):
    case = town.case("CLOSED", at=timezone.now() - timedelta(hours=2), pictures=[town.picture()])
    after = case.evidence.get(kind="AFTER").file
    before = Photo.objects.get().file
    publish(case, town, before=before, after=after)
    assert named_by_rows({before, after, "2020/01/01/none.jpg"}) == {before, after}


def test_counts_of_senders_are_forgotten_after_a_day(client, town):
    send(client, town)
    Sending.objects.update(window=timezone.now() - timedelta(days=2))
    send(client, town)
    tidy(timestamp=0)
    assert Sending.objects.count() == 2  # one of the device, one of the address
