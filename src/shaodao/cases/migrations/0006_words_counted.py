"""Have the database count more of the words cases are searched by.

Of a rare word it otherwise takes a hundredfold of what there is, and reads the queue from its
beginning in search of a page of matches instead of asking the index for the few there are.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_acceptor")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE cases_case ALTER COLUMN search SET STATISTICS 500",
            "ALTER TABLE cases_case ALTER COLUMN search SET STATISTICS -1",
        )
    ]
