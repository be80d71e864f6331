"""What people choose for themselves: by which channels they hear of what, in which language."""

from collections.abc import Collection, Mapping

from django.conf import settings
from django.db import transaction

from shaodao.kit.versions import bump
from shaodao.notices import policy
from shaodao.notices.models import Preference
from shaodao.notices.policy import Channel
from shaodao.notices.rules import CHOICES
from shaodao.people.models import User


@transaction.atomic
def prefer(*, user: User, choices: Mapping[str, Collection[str]], language: str) -> Preference:
    """Keep the channels a person chose for each topic, and the language of what leaves.

    choices : topic -> channels outside the product; a topic left out is as the county has it
    """
    kept = {
        topic.value: [one.value for one in policy.OUTSIDE if one in map(Channel, choices[topic])]
        for topic in policy.CHOSEN
        if topic in choices
    }
    language = language if language in dict(settings.LANGUAGES) else ""
    preference, _ = Preference.objects.update_or_create(
        user=user, defaults={"choices": kept, "language": language}
    )
    bump(CHOICES)
    return preference
