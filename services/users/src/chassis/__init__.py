"""Infrastructure that is the same in every service. It imports nothing from the service.

| folder | contents |
|---|---|
| `settings` | environment variables as typed values |
| `logs` | log lines, their formats, and the redaction of secrets |
| `problems` | errors as RFC 9457 problems |
| `database` | PostgreSQL with SQLAlchemy: pool, transactions, migrations |
| `upstream` | calls to other services |
| `telemetry` | traces and metrics, sent by OTLP |
| `web` | requests and responses: middleware, routes, pagination, documentation |
| `process` | commands, startup, health checks, shutdown |

The modules next to the folders are shared by several of them. `application.py` puts everything together.
import-linter enforces the layers (`pyproject.toml`).
"""
