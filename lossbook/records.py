"""Where the recorded runs and the text lie: in an installed package, or in the repository that it is imported from."""

from pathlib import Path

__all__ = ["folder"]


def folder() -> Path:
    """The folder of recorded runs and of the text: the wheel carries ``book/_data`` as ``lossbook/_data``.

    Example:
        >>> (folder() / "experiments" / "where_to_bend.json").exists()
        True
    """
    package = Path(__file__).parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent / "book" / "_data"
