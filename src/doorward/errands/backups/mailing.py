"""The mail about a run that carried backups away."""

from html import escape

from doorward.core.backup_errands import BackupErrand
from doorward.core.errors import one_line
from doorward.errands.backups.report import Report, report_html, report_text, shortened, summary
from doorward.errands.composing import Draft
from doorward.errands.shown import page_of


def draft_of(errand: BackupErrand, report: Report, *, host: str) -> Draft:
    """
    What is to be said of a run.

    Args:
        errand: whose run it was.
        report: what came of it.
        host: from which machine.
    """
    how = "all went well" if report.is_success else "it did not all go well"
    opening = one_line(f"The backups of the errand backup.{errand.name} on {host}: {how}.")
    listed = shortened(report)
    return Draft(
        subject=f"backup.{errand.name} on {host}: {summary(report)}",
        text=f"{opening}\n\n{report_text(listed)}",
        html=page_of(f"<p>{escape(opening)}</p>\n{report_html(listed)}"),
        to=errand.to,
        list_id=f"backup.{errand.name}",
    )
