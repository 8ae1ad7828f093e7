"""How a service stays as its template has it: `nox -s drift` says what differs, `nox -s update` heals and updates."""
