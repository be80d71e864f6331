from django.db import migrations

from shaodao.kit.journal import GUARD, UNGUARD


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]
    operations = [
        migrations.RunSQL(
            GUARD.format(table="people_accountentry"), UNGUARD.format(table="people_accountentry")
        )
    ]
