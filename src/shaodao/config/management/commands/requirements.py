"""`bin/manage requirements`: one line a row of docs/requirements.csv, proven or open."""

from django.core.management.base import BaseCommand

from shaodao.config.requirements import last_run, present_commit, standing


class Command(BaseCommand):
    help = "Say which requirements are proven by tests that passed in the last full run here."
    requires_system_checks = ()

    def handle(self, *args, **options):
        run, commit = last_run(), present_commit()
        rows = standing(run, commit=commit)
        for row in rows:
            state = "proven" if row.is_proven else "open"
            failed = f" passed={row.n_passed}" if row.n_passed < row.n_tests else ""
            self.stdout.write(f"{row.id} {state} tests={row.n_tests}{failed} {row.capability}")
        n_proven = sum(row.is_proven for row in rows)
        self.stdout.write(f"rows={len(rows)} proven={n_proven} open={len(rows) - n_proven}")
        if run is None:
            self.stdout.write("There was no full run of the tests yet: bin/check makes one.")
        elif run.commit != commit or commit.endswith("+"):
            self.stdout.write(
                f"The last full run, of {run.at}, is of another commit or of changed files"
                f" ({run.commit[:12]}{'+' * run.commit.endswith('+')}, here {commit[:12]}"
                f"{'+' * commit.endswith('+')}): nothing counts as proven until bin/check runs."
            )
