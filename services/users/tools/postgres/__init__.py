"""A private PostgreSQL server for development and tests, run from the programs of a wheel.

`server` is for others to use; the account, programs and data folder that it needs each have a module.
"""
