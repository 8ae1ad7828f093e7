"""Proves the chassis, which is the same in every service; `nox -s chassis` runs it, the default sessions do not."""
