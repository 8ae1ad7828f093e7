"""Who may do what: tokens of an issuer that the tests run, over real HTTP."""
