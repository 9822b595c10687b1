"""What can be wrong with a history, said by line and field."""


class BadHistory(ValueError):
    """A file that is no `labelhist/1`, or contradicts itself; lines are counted from 1."""

    def __init__(self, line: int, field: str | None, reason: str) -> None:
        super().__init__(f"line {line}, {field}: {reason}" if field else f"line {line}: {reason}")
        self.line = line
        self.field = field
        self.reason = reason
