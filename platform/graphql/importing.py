"""What all imports of files share: how a file may be read, and what a look at one tells."""

from __future__ import annotations

import strawberry


@strawberry.input
class NotationInput:
    """How the cells of a file are written, as far as the merchant says; the rest is found out, or asked back."""

    decimal: str | None = strawberry.field(
        default=None, description='The decimal sign of its numbers, "." or ","; never guessed where both would do.'
    )
    encoding: str | None = strawberry.field(default=None, description="utf-8, utf-16, gb18030, big5 or windows-1252.")
    delimiter: str | None = strawberry.field(default=None, description="Comma, semicolon or tab.")

    def notation(self) -> dict[str, str | None]:
        return {"decimal": self.decimal, "encoding": self.encoding, "delimiter": self.delimiter}


@strawberry.type
class FileSeen:
    """A table as it looks from outside."""

    encoding: str = strawberry.field(description="How its text is encoded.")
    delimiter: str = strawberry.field(description="What stands between its cells.")
    columns: list[str] = strawberry.field(description="The headers, in order.")
    rows: list[list[str]] = strawberry.field(description="The first rows.")
