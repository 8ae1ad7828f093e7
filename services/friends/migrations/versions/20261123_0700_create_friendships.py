"""Create friendships.

- uq_friendships_pair, on the two ids in order: one friendship for each unordered pair, whatever the concurrency. An
  expression index, so that no row can hold a pair that disagrees with its initiator and target.
- ix_friendships_initiator_id_id and ix_friendships_target_id_id: the list of a user in both directions is the union of
  two range scans, each in the order of the list (ids are UUIDv7), each read no further than one page.
- ck_friendships_not_self: the last line of defence of a rule that the entity holds.
"""

import sqlalchemy as sa
from alembic import op

revision = "3f6a9d2c71b8"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "friendships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("initiator_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.String(length=50), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("initiator_id != target_id", name=op.f("ck_friendships_not_self")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_friendships")),
    )
    pair = [sa.text("LEAST(initiator_id, target_id)"), sa.text("GREATEST(initiator_id, target_id)")]
    op.create_index("uq_friendships_pair", "friendships", pair, unique=True)
    op.create_index("ix_friendships_initiator_id_id", "friendships", ["initiator_id", "id"])
    op.create_index("ix_friendships_target_id_id", "friendships", ["target_id", "id"])


def downgrade() -> None:
    op.drop_table("friendships")
