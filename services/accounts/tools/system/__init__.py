"""Services run together, each as a process with a database of its own: `serve` for a person, `running` for a program.

It stands on `postgres` and `processes`, which do not know it.
"""
