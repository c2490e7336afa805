"""Visiting a page of the built site in a real browser, and what is seen there."""

import gzip
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.ui import WebDriverWait

AXE = Path(__file__).parent / "axe/axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_COLOURS = ["color-contrast", "link-in-text-block"]  # all that depends on the mode
PHONE_WIDTH = 390

# One look at the page: what the checks ask of it.
LOOK = """
const all = (selector) => [...document.querySelectorAll(selector)];
const prose = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  if (!walk.currentNode.parentElement.closest("pre, code, script, style, .katex")) prose.push(walk.currentNode.data);
}
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
return {
  text: document.body.innerText,
  description: meta("description"),
  prose: prose.join(" "),
  formulaErrors: all(".katex-error").map((e) => e.textContent),
  imagesWithoutAlt: all("img:not([alt]), img[alt='']").map((e) => e.getAttribute("src").slice(0, 80)),
  links: all("a[href]").map((e) => e.href),
};
"""

# Colours are judged where they end, not on their way from one mode to the other.
STILL = """
document.head.appendChild(document.createElement("style")).textContent =
  "*, *::before, *::after { transition: none !important; animation: none !important; }";
"""

# Everything that sticks out to the right, unless a parent that scrolls on its own holds it; and formulas that stick
# out of their box on the left, where no scrolling leads. (A brace is cut out of a picture far wider than itself.)
OVERFLOW = """
const width = document.documentElement.clientWidth;
const left = (e) => e.getBoundingClientRect().left;
const cut = [...document.querySelectorAll("div.math")].filter(
  (box) => [...box.querySelectorAll(".katex-html *")].some((e) => !e.closest("svg") && left(e) < left(box) - 1));
if (cut.length) return cut.map((box) => `the start of ${box.textContent.slice(0, 40)}`);
if (document.documentElement.scrollWidth <= width) return [];
const holds = (e) => /(auto|scroll|hidden|clip)/.test(getComputedStyle(e).overflowX);
const scrolls = (e) => e && (holds(e) || scrolls(e.parentElement));
const out = [...document.body.querySelectorAll("*")].filter(
  (e) => e.getBoundingClientRect().right > width + 1 && !scrolls(e.parentElement));
return out.slice(0, 5).map((e) => `${e.tagName.toLowerCase()}.${e.className}`).concat(out.length ? [] : ["the page"]);
"""


@dataclass
class Seen:
    """What one visit brought to light; `address` is the page, `folder` the site it was served from."""

    address: str
    folder: Path
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    look: dict = field(default_factory=dict)
    axe: dict[str, list[dict]] = field(default_factory=dict)
    overflow: list[str] = field(default_factory=list)

    def transfer(self) -> int:
        """Compressed bytes of everything requested that is not a picture."""
        return sum(_compressed(path) for path in {self.file(url) for url in self.requests} if path.is_file())

    def file(self, url: str) -> Path:
        """The file of the site behind an address."""
        return self.folder / unquote(urlsplit(url).path).lstrip("/")


def _compressed(path: Path) -> int:
    if path.suffix in {".png", ".jpg", ".svg", ".ico", ".webp"}:
        return 0
    content = path.read_bytes()
    return len(content) if path.suffix == ".woff2" else len(gzip.compress(content, 6))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """A test run has better things to print."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serves a folder on a free port; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def find_browser() -> tuple[str, str] | None:
    """Chromium and its driver, where the machine has both."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next((path for name in names if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def start_browser(browser: str, driver: str) -> Chrome:
    """A headless Chromium that logs every request, and resolves no name but this machine's."""
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--window-size=1280,1000", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(driver))
    chrome.set_script_timeout(60)
    chrome.execute_cdp_cmd("Network.enable", {})
    chrome.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    return chrome


def colours(chrome: Chrome, mode: str) -> None:
    """Sets what the reader's system prefers: light or dark."""
    feature = {"name": "prefers-color-scheme", "value": mode}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def go(chrome: Chrome, address: str) -> None:
    """Opens a page and waits until it stands: scripts run, fonts there."""
    chrome.get(address)
    WebDriverWait(chrome, 20).until(lambda c: c.execute_script("return document.readyState") == "complete")
    chrome.execute_async_script("const done = arguments[0]; document.fonts.ready.then(() => setTimeout(done, 60));")


def visit(chrome: Chrome, address: str, folder: Path, modes: tuple[str, ...] = ("light", "dark")) -> Seen:
    """Loads a page once, looks at it in both modes and on a phone, and reports what was seen."""
    seen = Seen(address, folder)
    colours(chrome, modes[0])
    _drain(chrome)
    go(chrome, address)
    seen.look = chrome.execute_script(LOOK)
    chrome.execute_script(STILL + AXE.read_text(encoding="utf8"))
    seen.axe[modes[0]] = _run_axe(chrome, AXE_TAGS)
    for mode in modes[1:]:
        colours(chrome, mode)
        seen.axe[mode] = _run_axe(chrome, AXE_COLOURS)
    seen.overflow = _overflow_on_phone(chrome)
    _read_logs(chrome, seen)
    return seen


def _drain(chrome: Chrome) -> None:
    chrome.get("about:blank")
    chrome.get_log("performance")
    chrome.get_log("browser")


def _run_axe(chrome: Chrome, rules: list[str]) -> list[dict]:
    """The findings of axe. Formulas are left out: thousands of boxes, made alike on every page, MathML beside them."""
    script = """
      const [rules, done] = arguments;
      const finding = (v) => ({rule: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html)});
      const options = {runOnly: rules, resultTypes: ["violations"], preload: false};
      requestAnimationFrame(() => axe.run({exclude: [[".katex"]]}, options)
        .then((r) => done(r.violations.map(finding)),
              (error) => done([{rule: String(error), impact: "critical", nodes: []}])));
    """
    return chrome.execute_async_script(script, rules)


def _overflow_on_phone(chrome: Chrome) -> list[str]:
    metrics = {"width": PHONE_WIDTH, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        return chrome.execute_script(OVERFLOW)
    finally:
        chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _read_logs(chrome: Chrome, seen: Seen) -> None:
    seen.console = [entry["message"] for entry in chrome.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    asked: dict[str, str] = {}
    for entry in chrome.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        about = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            asked[about["requestId"]] = about["request"]["url"]
        elif event["method"] == "Network.responseReceived" and about["response"]["status"] >= 400:
            seen.failures.append(f"{about['response']['status']} {about['response']['url']}")
        elif event["method"] == "Network.loadingFailed" and not about.get("canceled"):
            seen.failures.append(f"{about['errorText']} {asked.get(about['requestId'], '')}")
    seen.requests = [url for url in asked.values() if urlsplit(url).scheme not in ("data", "blob", "about")]
