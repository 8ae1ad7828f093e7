"""Runs services together, each as a process with its own database: `serve` for people, `running` for programs.

It uses `postgres` and `processes`, which do not use it.
"""
