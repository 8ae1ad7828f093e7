<%
    body = f"{upgrades or ''}{downgrades or ''}"
    is_merge = isinstance(down_revision, tuple)  # which is finished, though it does nothing
    is_blank = not body and not is_merge
%>\
"""${message.rstrip(".")}.

Say here why the tables and indexes are as they are.
"""

% if is_blank or "sa." in body:
import sqlalchemy as sa
% endif
% if is_blank or "op." in body:
from alembic import op
% endif
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
