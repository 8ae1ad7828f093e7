"""Mutation testing: whether a test fails when one small thing in the code is wrong.

`mutate` is the program; `gate` says what share of the mutants must be noticed.
"""
