"""What every page says about itself: a description, the versions, how to run it, where to report an error."""

from html import escape
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote, urljoin

from docutils import nodes

DESCRIPTION_LENGTH = 200
SITE_DESCRIPTION = (
    "Every loss in PyTorch's torch.nn, from its formula to its cost: a book whose every claim was run, "
    "its notebooks, and a package."
)


def description(doctree):
    """The first paragraph of the page, cut at a word; pages without text describe the book."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else ()
    text = next((" ".join(p.astext().split()) for p in paragraphs if _is_prose(p)), SITE_DESCRIPTION)
    if len(text) <= DESCRIPTION_LENGTH:
        return text
    return text[:DESCRIPTION_LENGTH].rsplit(" ", 1)[0].rstrip(" ,;:.") + " …"


def _is_prose(paragraph):
    in_output = any("output" in node.get("classes", ()) for node in _ancestors(paragraph))
    return len(paragraph.astext().split()) >= 4 and not in_output


def _ancestors(node):
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.Element):
            yield node


def description_tags(title, text, address):
    """The tags that search engines and link previews read."""
    tags = [("name", "description", text), ("property", "og:title", title), ("property", "og:description", text)]
    tags += [("property", "og:type", "article"), ("property", "og:site_name", "The Loss Book")]
    tags += [("property", "og:url", address)] if address else []
    return "\n".join(f'<meta {kind}="{key}" content="{escape(value)}" />' for kind, key, value in tags)


def install_line(wheel, base):
    """One line that installs what a downloaded notebook needs; from the site when its address is known."""
    if base:
        return f'pip install "lossbook[book] @ {urljoin(base, wheel)}"'
    return f'pip install "./{Path(wheel).name}[book]"'


def report_address(repository, page):
    """Where an error on this page is reported; none while the repository has no address."""
    return f"{repository.rstrip('/')}/issues/new?title={quote(f'Error on page {page}')}" if repository else ""


def find_wheel(app):
    """The wheel that the site offers, relative to its root: built before the book (see the Makefile)."""
    folders = [Path(app.srcdir, folder) for folder in app.config.html_extra_path]
    wheels = [str(wheel.relative_to(folder)) for folder in folders for wheel in folder.rglob("lossbook-*.whl")]
    if len(wheels) != 1:
        raise RuntimeError(f"expected one wheel of lossbook below {folders}, found {wheels}: run `make book`")
    return wheels[0]


def add_facts(app, pagename, templatename, context, doctree):
    """Hand the facts to the templates: `page-foot.html`, `colophon.html`, and the head of the page."""
    base = app.config.html_baseurl
    title = app.env.titles[pagename].astext() if pagename in app.env.titles else app.config.html_title
    address = urljoin(base, app.builder.get_target_uri(pagename)) if base else ""
    context["metatags"] = context.get("metatags", "") + description_tags(title, description(doctree), address)
    context["version_of"] = lambda package: version(package).split("+")[0]  # 2.13.0+cpu is 2.13.0
    context["base_address"] = base
    context["wheel"] = find_wheel(app)
    context["install_line"] = install_line(context["wheel"], base)
    context["report_address"] = report_address(context.get("theme_repository_url", ""), pagename)
    context["notebook"] = f"_sources/{pagename}.ipynb" if context.get("page_source_suffix") == ".ipynb" else ""


def setup(app):
    """Tell Sphinx."""
    app.connect("html-page-context", add_facts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
