"""The parent of web and worker: starts them, restarts what crashes, stops them all."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType

PATIENCE_SECONDS = 15  # for a child to finish what it is doing
LONGEST_PAUSE_SECONDS = 30
STABLE_SECONDS = 60  # a child that lived this long starts again with the shortest pause
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Child:
    """One process, its log and how long to wait before starting it again."""

    def __init__(self, name: str, command: list[str], log: Path, keep_open: int | None) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.keep_open = () if keep_open is None else (keep_open,)
        self.pause = 1
        self.n_crashes = 0
        self.start()

    def start(self) -> None:
        self.began = time.monotonic()
        self.restart_at: float | None = None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the terminal's Ctrl-C is for the parent, which then asks
                pass_fds=self.keep_open,
                preexec_fn=end_with_parent,
            )

    def watch(self) -> str:
        """Restart the process when its time has come; return what there is to say, or nothing."""
        now = time.monotonic()
        if self.process.poll() is None:
            return ""
        if self.restart_at is None:
            if now - self.began > STABLE_SECONDS:
                self.pause = 1
            self.restart_at = now + self.pause
            self.pause = min(2 * self.pause, LONGEST_PAUSE_SECONDS)
            self.n_crashes += 1
            self._kill_group()
            code = self.process.returncode
            return f"{self.name} ended with {code}; starting it again. Its log: {self.log}"
        if now >= self.restart_at:
            self.start()
        return ""

    def stop(self, *, until: float) -> None:
        """End the process, politely until the monotonic time `until`, and all it started."""
        self.process.terminate()
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            print(
                f"{self.name} did not end in time and was killed. Its log: {self.log}", flush=True
            )
        self._kill_group()
        self.process.wait()

    def _kill_group(self) -> None:
        """Kill what is left of the process's group: a dead web server's workers keep the port."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Parent:
    """Children for as long as the `with` block runs. SIGINT, SIGTERM and SIGHUP ask it to end.

    The descriptor `keep_open` stays open in the children: with it they hold the database, which
    so outlives a killed parent until they have ended in order.
    """

    def __init__(self, logs: Path, *, keep_open: int | None) -> None:
        self.logs = logs
        self.keep_open = keep_open
        self.children: list[Child] = []
        self.asked_to_stop = False

    def __enter__(self) -> "Parent":
        self.logs.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None
    ) -> None:
        self.stop_children()

    def stop_children(self) -> None:
        for child in self.children:
            child.process.terminate()
        until = time.monotonic() + PATIENCE_SECONDS
        for child in self.children:
            child.stop(until=until)

    def add(self, name: str, command: list[str]) -> None:
        log = self.logs / f"{name}.log"
        log.unlink(missing_ok=True)
        self.children.append(Child(name, command, log, self.keep_open))

    def tend(
        self, *, until: Callable[[], bool] = lambda: False, say: Callable[[str], None]
    ) -> bool:
        """Keep the children running until `until()`, or until asked to stop; tell which it was."""
        while not self.asked_to_stop:
            if until():
                return True
            for child in self.children:
                if words := child.watch():
                    say(words)
            time.sleep(0.1)
        return False

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True


def end_with_parent() -> None:
    """Have the kernel end this process when its parent is killed, so that no port stays taken."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
