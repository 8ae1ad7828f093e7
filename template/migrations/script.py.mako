<%
    def without_comments(code):  # Alembic's own, "please adjust!" and "end Alembic commands"
        return "\n".join(line for line in (code or "").splitlines() if not line.strip().startswith("# ###")).strip()

    upgrading, downgrading = without_comments(upgrades), without_comments(downgrades)
    body = upgrading + downgrading
    is_merge = isinstance(down_revision, tuple)  # which is finished, though it does nothing
    is_blank = not body and not is_merge
%>\
"""${message.rstrip(".")}.

% if body:
Replace this text with the reason for the change, after checking the code: Alembic takes a renamed column for one
dropped and one added. During an update, the previous release must keep working with the new schema.
% elif is_merge:
Join two lines of migrations.
% else:
Replace this text with the reason for the change. During an update, the previous release must keep working.
% endif
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
    ${upgrading or "pass"}


def downgrade() -> None:
    ${downgrading or "pass"}
