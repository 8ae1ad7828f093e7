"""Mutation testing: whether a test notices when one small thing in the code is wrong.

`mutate` is the program; `survivors.toml` explains the mutants that make no difference.
"""
