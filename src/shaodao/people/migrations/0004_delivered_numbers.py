"""The numbers log-in cannot do without, as delivered: a county confirms or changes them by page."""

from datetime import date

from django.db import migrations

SOURCE = "GB/T 22239-2019 8.1.4.1 身份鉴别；次数与时长为出厂默认值"
NUMBERS = (("login_attempts", "5"), ("lock_minutes", "15"), ("idle_minutes", "30"))


def deliver(apps, schema_editor):
    Parameter = apps.get_model("people", "Parameter")
    Parameter.objects.bulk_create(
        Parameter(
            name=name, value=value, valid_from=date(2020, 1, 1), source=SOURCE, is_default=True
        )
        for name, value in NUMBERS
    )


def take_back(apps, schema_editor):
    Parameter = apps.get_model("people", "Parameter")
    names = [name for name, _ in NUMBERS]
    Parameter.objects.filter(name__in=names, is_default=True).delete()


class Migration(migrations.Migration):
    dependencies = [("people", "0003_kept_accounts")]
    operations = [migrations.RunPython(deliver, take_back)]
