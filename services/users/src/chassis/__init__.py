"""What every service needs and no domain knows about; the same in every service, and it imports nothing of the service.

| folder | what it is about |
|---|---|
| `settings` | the environment as typed values |
| `logs` | what is written, how it looks, and what must never be in it |
| `problems` | errors as RFC 9457 problems |
| `database` | PostgreSQL through SQLAlchemy: pool, transactions, migrations |
| `upstream` | calls to other services |
| `telemetry` | traces and metrics, sent by OTLP |
| `web` | requests and responses: middleware, routes, pages, documentation |
| `process` | the life of the process: commands, start, health, shutdown |

The modules beside the folders are used by several of them. `application.py` puts everything together.
The layers are a contract of import-linter (`pyproject.toml`).
"""
