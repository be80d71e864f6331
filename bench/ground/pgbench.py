"""What PostgreSQL itself does here: an INSERT and an UPDATE in one durable transaction."""

import re
import shutil
import subprocess
from pathlib import Path

from bench.ground.site import admin, folder

from shaodao.config import localpg

N_ROWS = 100_000
_SCRIPT = f"""\\set id random(1, {N_ROWS})
BEGIN;
INSERT INTO bench_written (row_id, said) VALUES (:id, 'what somebody said about a street');
UPDATE bench_counted SET n = n + 1 WHERE id = :id;
END;
"""
_SETUP = f"""
CREATE TABLE IF NOT EXISTS bench_written (
    id bigserial PRIMARY KEY, row_id integer NOT NULL, said text NOT NULL);
CREATE TABLE IF NOT EXISTS bench_counted (id integer PRIMARY KEY, n integer NOT NULL);
INSERT INTO bench_counted SELECT id, 0 FROM generate_series(1, {N_ROWS}) id ON CONFLICT DO NOTHING;
"""


def program(cluster: localpg.Cluster) -> Path:
    """Return pgbench: beside the server's own programs, or the system's."""
    beside = cluster.binaries / "pgbench"
    found = str(beside) if beside.exists() else shutil.which("pgbench")
    if not found:
        raise SystemExit(
            f"There is no pgbench in {cluster.binaries} nor on the path. "
            "Install it: apt-get install postgresql-contrib, or set PG_BIN to a full installation."
        )
    return Path(found)


def rate(cluster: localpg.Cluster, *, seconds: int, n_clients: int = 8) -> float:
    """Return how many transactions a second the database alone does."""
    with admin(cluster) as server:
        server.execute(_SETUP)
    script = folder() / "pgbench.sql"
    script.write_text(_SCRIPT)
    options = ["-n", "-M", "prepared", "-c", n_clients, "-j", 2, "-T", seconds, "-f", script]
    place = ["-h", cluster.sockets, "-U", "shaodao", "shaodao"]
    done = subprocess.run(
        [program(cluster), *map(str, options), *map(str, place)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(re.search(r"tps = ([\d.]+)", done.stdout)[1])
