"""What is asked of every page. Each check takes what was seen and gives its findings as sentences."""

import re
from collections.abc import Callable, Iterator
from importlib.metadata import version

from tests.site.visit import PHONE_WIDTH, Seen

MOST_KIB = 500
TEX = re.compile(r"\$\$.{0,30}|\\[a-z]{2,}\{.{0,20}|\\(?:delta|ell|hat|frac)\b.{0,20}")

# Findings of axe that cannot be mended here, each with its reason: rule -> (part of the element, why).
UNMENDABLE: dict[str, tuple[str, str]] = {}


def third_party(seen: Seen) -> Iterator[str]:
    home = seen.address.split("/", 3)[:3]
    yield from (f"asks a third party: {url}" for url in seen.requests if url.split("/", 3)[:3] != home)


def failed_requests(seen: Seen) -> Iterator[str]:
    yield from (f"a request failed: {failure}" for failure in seen.failures)


def console(seen: Seen) -> Iterator[str]:
    yield from (f"the console says: {message}" for message in seen.console)


def pictures_drawn(seen: Seen) -> Iterator[str]:
    if "<Figure size" in seen.look["text"]:
        yield "a figure is there only as its text, <Figure size …"


def formulas(seen: Seen) -> Iterator[str]:
    yield from (f"a formula was not understood: {formula}" for formula in seen.look["formulaErrors"])
    yield from (f"TeX was left in the text: {source}" for source in TEX.findall(seen.look["prose"]))


def alt_texts(seen: Seen) -> Iterator[str]:
    yield from (f"a picture has no alt text: {source}" for source in seen.look["imagesWithoutAlt"])


def described(seen: Seen) -> Iterator[str]:
    if len(seen.look["description"].split()) < 4:
        yield f"no description for search engines: {seen.look['description']!r}"


def accessible(seen: Seen) -> Iterator[str]:
    for mode, violations in seen.axe.items():
        for violation in violations:
            nodes = [node for node in violation["nodes"] if not _unmendable(violation["rule"], node)]
            if violation["impact"] in ("serious", "critical") and (nodes or not violation["nodes"]):
                yield f"axe, {mode}: {violation['rule']} ({violation['impact']}): {nodes[:3]}"


def _unmendable(rule: str, node: str) -> bool:
    return rule in UNMENDABLE and UNMENDABLE[rule][0] in node


def narrow(seen: Seen) -> Iterator[str]:
    yield from (f"sticks out at {PHONE_WIDTH} px: {element}" for element in seen.overflow)


def light_weight(seen: Seen) -> Iterator[str]:
    if seen.transfer() > MOST_KIB * 1024:
        yield f"{seen.transfer() / 1024:.0f} KiB are transferred, pictures aside; {MOST_KIB} are allowed"


def versions_shown(seen: Seen) -> Iterator[str]:
    for part in (f"The Loss Book {version('lossbook')}", f"lossbook {version('lossbook')}"):
        if part not in seen.look["text"]:
            yield f"the page does not say «{part}»"


CHECKS: tuple[Callable[[Seen], Iterator[str]], ...] = (
    third_party, failed_requests, console, pictures_drawn, formulas, alt_texts, described,
    accessible, narrow, light_weight, versions_shown,
)  # fmt: skip
