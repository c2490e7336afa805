"""What is wrong with a loss? :func:`certify` examines one of your own."""

from lossbook.clinic.contract import Contract
from lossbook.clinic.examine import certify, certify_row
from lossbook.clinic.report import Finding, Report, Untried

__all__ = ["Contract", "Finding", "Report", "Untried", "certify", "certify_row"]
