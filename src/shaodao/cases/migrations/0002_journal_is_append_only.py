from django.db import migrations

from shaodao.kit.journal import GUARD, UNGUARD


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [
        migrations.RunSQL(
            GUARD.format(table="cases_journalentry"), UNGUARD.format(table="cases_journalentry")
        )
    ]
