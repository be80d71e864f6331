"""Give a county at work the limits of the rungs, marked as defaults; a new one gets its own."""

from datetime import date

from django.db import migrations

# level, working days, natural hours for a hazard
_RUNGS = (("COMMUNITY", 3, 4), ("TOWNSHIP", 5, 8), ("COUNTY", 10, 24))
_SOURCE = "默认值：村三日、乡镇五日、县十日逐级解决，超时自动上报，请按本县文件核定"


def give(apps, schema_editor):
    Limit = apps.get_model("cases", "Limit")
    if not Limit.objects.exists() or Limit.objects.filter(step="RUNG").exists():
        return
    rows = []
    for level, days, hours in _RUNGS:
        for amount, time_unit, is_hazard in (
            (days, "WORKING_DAYS", False),
            (hours, "NATURAL_HOURS", True),
        ):
            rows.append(
                Limit(
                    step="RUNG",
                    level=level,
                    is_hazard=is_hazard,
                    amount=amount,
                    time_unit=time_unit,
                    valid_from=date(2024, 1, 1),
                    source=_SOURCE,
                    is_default=True,
                )
            )
    Limit.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("cases", "0007_ladder")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
