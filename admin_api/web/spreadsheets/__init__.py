"""Tables as spreadsheets and other systems write them: CSV in its dialects, and Excel's workbooks."""


class NotATable(Exception):
    """A file that cannot be read; the text says why, and what to do, to whoever uploaded it."""
