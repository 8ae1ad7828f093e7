"""Tests of authentication and authorization over real HTTP, with an issuer that the tests run."""
