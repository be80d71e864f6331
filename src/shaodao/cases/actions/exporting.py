"""The daily export of chain heads: what proves later that no row was cut off."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases.models import Case, HeadsExport
from shaodao.people.models import AccountEntry

ACCOUNTS = "accounts"  # in place of a case's id: the one chain of accounts and rules
FOLDER = "heads"  # below the var folder; a county copies it to a place of its own


@app.periodic(cron="30 0 * * *")
@app.task(queueing_lock="cases.export_heads", queue="sweeps")
def export_heads(timestamp: int = 0) -> None:
    """Write down the heads of the chains that grew since the last export."""
    export(at=timezone.now())


@transaction.atomic
def export(*, at: datetime) -> HeadsExport:
    """Write `<day>.txt` with a line `case entries hash` for each chain that grew; once a day.

    The first line is the chain of accounts and rules.

    The file's digest covers the digest before, so that no day can be left out or rewritten.
    """
    day = timezone.localdate(at)
    known = HeadsExport.objects.filter(day=day).first()
    if known is not None:
        return known
    last = HeadsExport.objects.order_by("-day").first()
    cases = Case.objects.all()
    if last is not None:  # a minute of overlap: an entry may be written just after it is dated
        cases = cases.filter(journal__at__gte=last.at - timedelta(minutes=1)).distinct()
    rows = cases.order_by("pk").values_list("pk", "n_entries", "head")
    done = AccountEntry.objects.order_by("-seq").values_list("seq", "hash")[:1]
    heads = [*((ACCOUNTS, *entry) for entry in done), *rows.iterator(2000)]
    lines = "".join(f"{chain} {n} {bytes(head).hex()}\n" for chain, n, head in heads)
    name = f"{day.isoformat()}.txt"
    folder = Path(settings.VAR) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(lines)
    digest = hashlib.sha256((bytes(last.digest) if last else b"") + lines.encode()).digest()
    return HeadsExport.objects.create(
        day=day, n_cases=len(heads) - len(done), file=name, digest=digest, at=at
    )
