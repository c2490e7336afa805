"""Ships only the icons that the pages show: a few letters of the icon font instead of two thousand."""

import re
from pathlib import Path

from fontTools import subset

FONT = "_static/vendor/fontawesome/webfonts/fa-solid-900.woff2"
STYLES = ("_static/styles/pydata-sphinx-theme.css", "_static/styles/sphinx-book-theme.css")
SCRIPTS = ("_static/scripts/pydata-sphinx-theme.js", "_static/scripts/sphinx-book-theme.js")
UNUSED = ("_static/scripts/fontawesome.js", "_static/scripts/fontawesome.js.map")  # see layout.html


def letters(site):
    """The letters of the icons that pages and scripts name, and of those that the styles use by themselves."""
    styles = "".join((site / style).read_text(encoding="utf8") for style in STYLES)
    texts = [path.read_text(encoding="utf8") for path in (*site.rglob("*.html"), *(site / s for s in SCRIPTS))]
    names = {name for text in texts for name in re.findall(r"\bfa-[a-z0-9-]+", text)}
    found = set()
    for selector, letter in re.findall(r'([^{}]*)\{[^{}]*"\\(f[0-9a-f]{3})"', styles):
        icons = set(re.findall(r"\.(fa-[a-z0-9-]+)", selector))
        if not icons or icons & names:
            found.add(int(letter, 16))
    return found


def keep_used_icons(app, error):
    """Cut the font down to them, and leave out the script that draws the same icons once more."""
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    options = subset.Options(flavor="woff2")
    font = subset.load_font(site / FONT, options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=letters(site))
    cutter.subset(font)
    subset.save_font(font, site / FONT, options)
    for name in UNUSED:
        (site / name).unlink()


def setup(app):
    """Tell Sphinx."""
    app.connect("build-finished", keep_used_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
