"""Mask what must never reach a log: secrets in any notation, and numbers of payment cards.

`names` decides which names are secret, `places` finds such names and their values in a text, `values` finds the end of
a value, `unnamed` finds secrets without a name, `spellings` decodes other notations, `redactor` combines them.
"""

from .names import SECRET_NAMES, SECRET_WORDS
from .redactor import MAX_DEPTH, MAX_TEXT, Redactor
from .spans import MASK

__all__ = ["MASK", "MAX_DEPTH", "MAX_TEXT", "SECRET_NAMES", "SECRET_WORDS", "Redactor"]
