"""`bin/manage cases`: whether every case keeps the promises, and every grid has its routes."""

from django.core.management.base import BaseCommand, CommandError

from shaodao.cases.linkage import grids_in_force, routes_of
from shaodao.cases.verifying import verify_cases


class Command(BaseCommand):
    help = (
        "verify: check that every open case has holder, deadline and clocks, that no rung was "
        "skipped and that sums agree. routes: check that every grid has a desk with people at "
        "each level, up and down."
    )

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["verify", "routes"])

    def handle(self, *args, **options):
        return self._routes() if options["what"] == "routes" else self._verify()

    def _routes(self):
        routes = routes_of(grids_in_force())
        broken = [route for route in routes if not route.is_whole]
        for route in broken:
            gaps = "；".join(
                f"{rung.unit.short_name if rung.unit else rung.level}：{rung.says}"
                for rung in route.rungs
                if rung.says
            )
            self.stdout.write(f"{route.grid.code} {route.grid.short_name} {gaps}")
        whole = len(routes) - len(broken)
        self.stdout.write(f"grids={len(routes)} whole={whole} gaps={len(broken)}")
        if broken:
            raise CommandError("some grids have a level without people")

    def _verify(self):
        found = verify_cases()
        for fault in found.faults:
            self.stdout.write(fault)
        counts = " ".join(f"{name}={n}" for name, n in found.counts.items())
        self.stdout.write(f"{counts} faults={len(found.faults)}")
        if found.faults:
            raise CommandError("the cases are not as they should be")
