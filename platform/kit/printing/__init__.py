"""Paper: documents typeset by typst from a template of ours and data, in a process of its own for each."""

from stoa.kit.printing.asking import NotPrinted, printed
from stoa.kit.printing.code128 import bars

__all__ = ["NotPrinted", "bars", "printed"]
