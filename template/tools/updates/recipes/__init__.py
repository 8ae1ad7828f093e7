"""Recipes that change the own code of services, one a file; docs/template-lifecycle.md of the template says how."""
