"""What a resident's phone fetches before it can be typed into, and how soon it shows something.

Run by `bin/bench first [--times 5]`. Headless Chromium, empty cache, 1.6 Mbit/s, 150 ms there and
back, processor slowed four times, screen of a phone. Bytes are as they came over the line, headers
included. The last line is the result.
"""

import argparse
import shutil
from statistics import median

from bench.ground.county import write_county
from bench.ground.site import own_cluster, running_site
from playwright.sync_api import Browser, sync_playwright

from shaodao.config.launch import frontend

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LINE = {
    "offline": False,
    "latency": 150,  # ms there and back
    "downloadThroughput": 1.6e6 / 8,  # bytes a second
    "uploadThroughput": 0.75e6 / 8,
}
SLOWED = 4
LATER = ("maplibre", "echarts")  # loaded only when looked at
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
USABLE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench first", description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        raise SystemExit("There is no Chromium: apt-get install chromium fonts-noto-cjk")
    frontend.Fetch().finish()
    with own_cluster() as cluster:
        write_county(n_streets=1)
        with running_site(cluster, with_worker=False) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            url = f"http://localhost:{site.port}/report/"
            seen = [_visit(browser, url) for _ in range(options.times)]
            browser.close()
    figures = {
        "kib": f"{median(s['bytes'] for s in seen) / 1024:.0f}",
        "requests": f"{median(s['requests'] for s in seen):.0f}",
        "kib_usable": f"{median(s['usable_bytes'] for s in seen) / 1024:.0f}",
        "first_paint_ms": f"{median(s['paint'] for s in seen):.0f}",
        "usable_ms": f"{median(s['usable'] for s in seen):.0f}",
        "map_or_charts": max(s["later"] for s in seen),
    }
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


def _visit(browser: Browser, url: str) -> dict[str, float]:
    """Open the page once with nothing in the cache and say what it cost."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", service_workers="block"
    )
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", LINE)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    urls: list[str] = []
    sizes: list[float] = []
    line.on("Network.requestWillBeSent", lambda event: urls.append(event["request"]["url"]))
    line.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url, wait_until="domcontentloaded", timeout=60_000)
    usable = sum(sizes)
    page.wait_for_load_state("networkidle", timeout=60_000)
    seen = {
        "bytes": sum(sizes),
        "usable_bytes": usable,
        "requests": len(urls),
        "later": sum(any(name in url for name in LATER) for url in urls),
        "paint": page.evaluate(PAINT),
        "usable": page.evaluate(USABLE),
    }
    context.close()
    return seen


if __name__ == "__main__":
    main()
