"""What must never reach a log: secrets, however they are written, and numbers of payment cards.

`names` says which names are secret, `places` where such a name stands in a text and what its value is, `values` where
a value ends, `unnamed` what is known without a name, `spellings` in which disguises all of this may come, and
`redactor` puts them together.
"""

from .names import SECRET_NAMES, SECRET_WORDS
from .redactor import MAX_DEPTH, MAX_TEXT, Redactor
from .spans import MASK

__all__ = ["MASK", "MAX_DEPTH", "MAX_TEXT", "SECRET_NAMES", "SECRET_WORDS", "Redactor"]
