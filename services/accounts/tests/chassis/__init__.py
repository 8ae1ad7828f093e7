"""Tests of the chassis, which is the same in every service: `nox -s chassis` runs them, the default sessions do not."""
