"""A private PostgreSQL server for development and tests, run from the programs of a wheel.

`server` has what others use; the account, the programs and the data folder that it needs have a module each.
"""
