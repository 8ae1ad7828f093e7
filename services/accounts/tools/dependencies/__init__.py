"""What comes from outside: locks and their audit, the environment made from them, newer versions of the template.

`environment` runs before any library is there, so that it and this file import the standard library alone.
"""
