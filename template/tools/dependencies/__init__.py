"""Dependencies: locks and their audit, and the environment created from them.

`environment` runs before any library is installed, so it and this file import only the standard library.
"""
