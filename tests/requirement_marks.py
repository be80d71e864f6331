"""A pytest plugin: after a full run, write down which requirement each marked test proves.

A run is full when everything under tests/ was collected. A marked test that was left out, skipped
or failed proves nothing, and is written down as such.
"""

from datetime import UTC, datetime

import pytest

from shaodao.config import requirements

_marked = pytest.StashKey[dict[str, list[str]]]()
_outcomes = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_marked], config.stash[_outcomes] = {}, {}
    config.pluginmanager.register(_Outcomes(config), "requirement-outcomes")


@pytest.hookimpl(tryfirst=True)  # before anything is deselected
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = set(requirements.ids())
    for item in items:
        ids = [id for mark in item.iter_markers("requirement") for id in mark.args]
        if unknown := set(ids) - known:
            raise pytest.UsageError(
                f"{item.nodeid}: docs/requirements.csv has no {sorted(unknown)}"
            )
        if ids:
            config.stash[_marked][item.nodeid] = sorted(set(ids))


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workeroutput"):  # a process of xdist tells the one that writes
        config.workeroutput["requirements"] = config.stash[_marked]
    elif _is_full(config):
        outcomes = config.stash[_outcomes]
        tests = {
            name: (ids, outcomes.get(name, "left out"))
            for name, ids in config.stash[_marked].items()
        }
        at = datetime.now(UTC).isoformat(timespec="seconds")
        requirements.write(requirements.Run(requirements.present_commit(), at, tests))


def _is_full(config: pytest.Config) -> bool:
    everything = {"tests", str(config.rootpath / "tests")}
    return not config.option.collectonly and bool(everything & set(config.args))


class _Outcomes:
    """What became of each test; with xdist, in the process that only listens."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcomes = self.config.stash[_outcomes]
        if report.outcome != "passed" or report.when == "call":
            worst = outcomes.get(report.nodeid, "passed")
            outcomes[report.nodeid] = report.outcome if worst == "passed" else worst

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node) -> None:
        told = getattr(node, "workeroutput", {}).get("requirements", {})
        self.config.stash[_marked].update(told)
