"""PostgreSQL with SQLAlchemy: a bounded pool, statements and transactions, constraint errors, migrations."""

from .constraints import constraint_errors, reference_error
from .database import Database
from .models import Base
from .prepared import prepared

__all__ = ["Base", "Database", "constraint_errors", "prepared", "reference_error"]
