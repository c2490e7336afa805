"""What was found out about a loss: in words, as data, and as a table in a notebook."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Evidence", "Finding", "Report", "Untried"]


@dataclass(frozen=True)
class Evidence:
    """What a probe saw, before it is judged: ``facts`` are what the verdict may depend on."""

    kind: str
    seen: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Untried:
    """What could not be tried, and why."""

    kind: str
    why: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.why}"


@dataclass(frozen=True)
class Finding:
    """One thing that is true of a loss: a ``"defect"``, or a ``"property"`` that is worth knowing.

    ``kind`` is a short name that stays the same, ``evidence`` what was seen, with its numbers, ``remedy`` what to write
    instead, ``because`` why the verdict is what it is under the contract.
    """

    kind: str
    verdict: str
    evidence: str
    remedy: str
    because: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.verdict} {self.kind}: {self.evidence}. {self.remedy}"


@dataclass(frozen=True, repr=False)
class Report:
    """Everything that :func:`certify` found out about one loss.

    ``print`` says it in words, a notebook shows it as a table, :meth:`as_dict` gives it as data.

    Args:
        name: of the loss.
        contract: what it declared, in words.
        findings: in the order of the probes.
        untried: what could not be tried.

    Example:
        >>> report = Report("mine", "nothing", (), (Untried("device-not-kept", "it reads values"),))
        >>> report.sound
        True
        >>> print(report)
        mine: no defect, no property. It declares nothing.
        not tried, device-not-kept: it reads values
    """

    name: str
    contract: str
    findings: tuple[Finding, ...]
    untried: tuple[Untried, ...] = ()

    @property
    def defects(self) -> list[Finding]:
        """What contradicts the contract, or what nobody can want."""
        return [it for it in self.findings if it.verdict == "defect"]

    @property
    def properties(self) -> list[Finding]:
        """What is true of the loss and no alarm."""
        return [it for it in self.findings if it.verdict == "property"]

    @property
    def sound(self) -> bool:
        """Whether there is no defect."""
        return not self.defects

    def as_dict(self) -> dict[str, Any]:
        """The report in dictionaries, lists and texts alone."""
        return {
            "name": self.name,
            "contract": self.contract,
            "defects": [_as_dict(it) for it in self.defects],
            "properties": [_as_dict(it) for it in self.properties],
            "untried": [{"kind": it.kind, "why": it.why} for it in self.untried],
        }

    def __str__(self) -> str:
        lines = [f"{self.name}: {self._count()}. It declares {self.contract}."]
        lines += [f"{it.verdict}, {it.kind}: {it.evidence}.\n    {it.remedy}" for it in self._in_order()]
        lines += [f"not tried, {it}" for it in self.untried]
        return "\n".join(lines)

    __repr__ = __str__

    def _count(self) -> str:
        defects, properties = len(self.defects), len(self.properties)
        return (
            f"{defects or 'no'} defect{'s' * (defects > 1)}, "
            f"{properties or 'no'} propert{'ies' if properties > 1 else 'y'}"
        )

    def _in_order(self) -> list[Finding]:
        return [*self.defects, *self.properties]

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        for it in self._in_order():
            yield it.verdict, it.kind, it.evidence, it.remedy
        for left in self.untried:
            yield "not tried", left.kind, left.why, ""

    def _repr_markdown_(self) -> str:
        head = f"**{_one_line(self.name)}**: {self._count()}\n\n| | Kind | Evidence | Remedy |\n|---|---|---|---|\n"
        rows = ("| " + " | ".join(_one_line(cell) for cell in row) + " |" for row in self._rows())
        return head + "\n".join(rows)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{title}</th>" for title in ("", "Kind", "Evidence", "Remedy"))
        rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in self._rows())
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return (
            f"<p><b>{html.escape(self.name)}</b>: {self._count()}</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _as_dict(finding: Finding) -> dict[str, str]:
    return {"kind": finding.kind, "evidence": finding.evidence, "remedy": finding.remedy, "because": finding.because}
