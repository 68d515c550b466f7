"""Keys whose value is the path of a file."""

from doorward.config.report import Key, Report, found_in


def read_path(text: str | None, key: Key, report: Report) -> str:
    """A path of the file's own folder, absolute; empty when there is none."""
    if text is None:
        return ""
    if not text or not text.isprintable() or text.endswith("/"):
        report.add(key, "a file cannot stand there", expected="the path of a file", found=found_in(text))
        return ""
    return report.beside(text)
