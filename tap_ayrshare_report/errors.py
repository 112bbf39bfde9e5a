"""What ends the command with one line."""


class ReportError(Exception):
    """The report can't be written; the text says why and what to do."""
