"""Mends the HTML that other extensions write, where a reader or a screen reader would stumble over it."""

# What stands in the article -> what should stand there.
MENDS = {
    ' role="list" class="citation-list"': ' class="citation-list"',  # its children are no list items
    '<summary aria-label="Toggle hidden content">': "<summary>",  # its text says more
    "✅": "ran",  # in the table of run times; many machines have no such letter
    ' role="doc-biblioentry"': "",  # deprecated in ARIA 1.3
}


def mend(app, pagename, templatename, context, doctree):
    """Replace what is listed above in the article of a page."""
    for found, instead in MENDS.items():
        if "body" in context:
            context["body"] = context["body"].replace(found, instead)


def setup(app):
    """Tell Sphinx."""
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
