"""Where the links of a built site lead."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin


class Links(HTMLParser):
    """The addresses that a page points to, and the places within it that can be pointed to."""

    def __init__(self, page: Path):
        super().__init__()
        self.addresses: list[str] = []
        self.places: set[str] = set()
        self.feed(page.read_text(encoding="utf8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and tag != "base":
                self.addresses.append(value or "")
            elif name in ("id", "name"):
                self.places.add(value or "")


def dead_links(site: Path) -> Iterator[str]:
    """Links within the site to a file or a place on a page that is not there."""
    pages = {page: Links(page) for page in sorted(site.rglob("*.html")) if "_static" not in page.parts}
    for page, links in pages.items():
        here = page.relative_to(site)
        for link in dict.fromkeys(links.addresses):
            if re.match(r"[a-z]+:|#?$", link):
                continue
            path, place = urldefrag(urljoin(f"/{here}", link))
            target = site / unquote(path.split("?")[0]).lstrip("/")
            if not target.is_file():
                yield f"{here}: {link} does not exist"
            elif place and target in pages and unquote(place) not in pages[target].places:
                yield f"{here}: {link} is no place on that page"
