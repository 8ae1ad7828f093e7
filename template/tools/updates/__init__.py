"""Keeps a service like its template: `nox -s drift` lists differences, `nox -s update` repairs and updates."""
