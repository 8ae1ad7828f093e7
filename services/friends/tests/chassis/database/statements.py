"""Statements with every clause that services use; a test runs each of them in three ways."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Executable, bindparam, func, literal, select, text
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column

from .typed_values import EMPTY, EVERY, FULL, VALUES, Colour

Case = tuple[Executable, Any]


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column("label", unique=True)
    colour: Mapped[Colour | None] = mapped_column(sa.Enum(Colour, native_enum=False))
    details: Mapped[Any] = mapped_column(pg.JSONB, nullable=True)
    stock: Mapped[int] = mapped_column(server_default=text("5"))
    twice: Mapped[int] = mapped_column(sa.Computed("stock * 2"))


ITEMS: Final = Item.metadata.tables["items"]
NOTES: Final = sa.Table(
    "notes",
    Base.metadata,
    sa.Column("id", sa.Integer, sa.Sequence("notes_ids"), primary_key=True),
    sa.Column("item_id", sa.Integer),
    sa.Column("words", sa.Text, server_default="none"),
    sa.Column("size", sa.Integer, default=func.abs(-3)),
    sa.Column("colour", sa.Enum(Colour, native_enum=False)),
)
MADE: Final = sa.Table(
    "made",
    Base.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, default="a kind", onupdate="changed"),
    sa.Column("weight", sa.Integer, default=lambda: 7),
)
FILL: Final = (
    sa.insert(Item).values(
        [
            {"name": "one", "colour": Colour.RED, "details": {"a": {"b": [1, 2]}, "n": 3}, "stock": 1},
            {"name": "two", "colour": Colour.BLUE, "details": None, "stock": 2},
            {"name": "50%_\\", "colour": None, "details": [1, "x"], "stock": 3},
        ]
    ),
    sa.insert(NOTES).values(
        [{"item_id": 1, "words": "w", "colour": Colour.RED}, {"item_id": 1, "words": "v", "colour": None}]
    ),
    sa.insert(MADE).values({"id": 1, "kind": "k", "weight": 1}),
)

i, n = ITEMS.c, NOTES.c
other: Any = aliased(Item)
cte = select(i.id, i.label).where(i.stock > 1).cte("dear")
numbers = select(literal(1).label("x")).cte("numbers", recursive=True)
numbers = numbers.union_all(select(numbers.c.x + 1).where(numbers.c.x < bindparam("end")))
upsert = pg_insert(Item).values(name="one", colour=Colour.BLUE, details={"new": True})
per_type: list[tuple[sa.Column[Any], Any]] = [(EVERY.c[name], value) for name, (_, value) in VALUES.items()]

QUERIES: Final[list[Case]] = [
    *(
        (select(column, sa.case((EVERY.c.id == 1, column), else_=value)).order_by(EVERY.c.id), None)
        for column, value in per_type
    ),
    *((select(literal(value, column.type), literal(None, column.type)), None) for column, value in per_type),
    *((select(func.coalesce(column, bindparam("v"))).order_by(EVERY.c.id), {"v": value}) for column, value in per_type),
    *((select(EVERY.c.id, sa.cast(column, sa.Text)).where(column == value), None) for column, value in per_type),
    (select(EVERY).order_by(EVERY.c.id), None),
    (select(Item).order_by(Item.id), None),
    (select(Item.id, Item.name.label("title"), Item.colour).where(Item.colour == Colour.RED), None),
    (select(Item.id, Item.id, other.id).join(other, Item.id <= other.id).order_by(Item.id, other.id), None),
    (select(i.id, n.words, n.id).outerjoin_from(ITEMS, NOTES, n.item_id == i.id).order_by(i.id, n.id), None),
    (select(i.label).where(select(n.id).where(n.item_id == i.id).exists()), None),
    (select(i.label, select(func.count()).where(n.item_id == i.id).scalar_subquery().label("notes")), None),
    (select(cte).order_by(cte.c.id), None),
    (select(numbers), {"end": 4}),
    (sa.union_all(select(i.id), select(n.id)).order_by("id").limit(bindparam("some")), {"some": 3}),
    (sa.except_(select(i.id), select(n.item_id)), None),
    (select(func.count(), i.colour).group_by(i.colour).having(func.count() > 0).order_by(i.colour.nulls_first()), None),
    (select(i.id).ext(pg.distinct_on(i.colour)).order_by(i.colour, i.id.desc()), None),
    (select(i.id, func.row_number().over(partition_by=i.colour, order_by=i.id)).order_by(i.id), None),
    (select(func.array_agg(i.label), func.sum(i.stock), func.avg(i.stock), func.max(i.stock)), None),
    (select(i.stock / 2, i.stock // 2, i.stock * 1.5, i.stock % 2, -i.stock).order_by(i.id), None),
    (select(func.percentile_cont(0.5).within_group(i.stock)), None),
    (select(sa.values(sa.column("k", sa.Integer), name="v").data([(1,), (2,)])), None),
    (select(func.generate_series(1, 3).table_valued("value")), None),
    (select(func.json_each(literal({"a": 1}, sa.JSON)).table_valued("key", "value")), None),
    (select(i.details["a"]["b"], i.details["a"]["b"][0].as_integer()).order_by(i.id), None),
    (select(i.details[("a", "b")], i.details[("a", "b", "0")].astext).order_by(i.id), None),
    (select(i.id).where(i.details.contains({"n": 3})), None),
    (select(i.id).where(i.details.contains(bindparam("part"))), {"part": {"n": 3}}),
    (select(i.id).where(i.details.has_key("n"), i.details["n"].as_integer() == 3), None),
    (select(i.id).where(i.details.path_exists("$.a.b"), i.details["n"].astext == "3"), None),
    (select(i.id).where(i.details == sa.JSON.NULL), None),
    (select(literal([1, 2], pg.ARRAY(sa.Integer))[1], pg.array([1, 2, bindparam("v", 3)])), None),
    (select(i.id).where(i.id == sa.any_(bindparam("ids", type_=pg.ARRAY(sa.Integer)))), {"ids": [1, 3]}),
    (select(i.id).where(i.id == sa.any_(literal([1, 2], pg.ARRAY(sa.Integer)))), None),
    (select(i.id).where(i.id.in_(select(n.item_id))), None),
    (select(i.id).where(sa.tuple_(i.stock, i.id) < sa.tuple_(bindparam("a", 2), bindparam("b", 2))), {"b": 9}),
    (select(i.id).where(i.label.contains("%_\\", autoescape=True)), None),
    (select(i.id).where(i.label.ilike("50\\%%", escape="\\"), i.label.regexp_match("^5")), None),
    (select(i.id).where(i.label.startswith(bindparam("start")), i.stock.between(1, 3)), {"start": "50%"}),
    (select(i.id).where(sa.true(), ~i.colour.is_(None)).order_by(i.label.collate("C").desc()).offset(1), None),
    (select(sa.extract("year", literal(FULL["date"], sa.Date)), func.now() > func.date(FULL["date"])), None),
    (select(sa.null().label("nothing"), sa.literal_column("'x'::text").label("x"), sa.text("1 AS one")), None),
    (select(i.id).with_for_update(skip_locked=True).order_by(i.id), None),
    (select(text("*")).select_from(ITEMS).order_by(i.id), None),
    (select(sa.literal_column("*")).select_from(MADE), None),
    (select(sa.literal_column("id, label")).select_from(ITEMS).order_by(i.id), None),
    (select(sa.literal_column("1").label("a"), sa.literal_column("2").label("a")), None),
    (select(i.id.label("a b"), i.label.label("%(x)s"), i.stock.label("count")), None),
    (select(Item).from_statement(text("SELECT * FROM items ORDER BY id")), None),
    (text("SELECT * FROM items WHERE id = :id"), {"id": 1}),
    (text("SELECT 1 AS a, 2 AS a, '\\:x 100%' AS \"odd:name\", NULL::int"), None),
    (text("SELECT id, colour, label FROM items ORDER BY id").columns(ITEMS.c.id, ITEMS.c.colour), None),
    (text("SELECT label, id, colour FROM items WHERE 0=1").columns(colour=i.colour.type, id=sa.Integer), None),
    (text("SELECT :p").bindparams(bindparam("p", 5, sa.Integer)), None),
    (text("SELECT :c").bindparams(bindparam("c", type_=sa.Enum(Colour))), {"c": Colour.RED}),
    (select(func.coalesce(bindparam("v", callable_=lambda: 4), 1)), None),
    (func.abs(-3), None),
    (func.lower("ABC", type_=sa.String), None),
    # Statements that fail, with the same error in each way.
    (select(i.id).where(i.id == bindparam("missing")), None),
    (select(i.id).where(i.id == bindparam("id")), {"id": "no number"}),
    (select(i.id).where(i.colour == bindparam("colour")), {"colour": "no colour"}),
    (select(EVERY.c.id).where(EVERY.c.enum == bindparam("colour")), {"colour": "no colour"}),
    (select(1 / sa.cast(bindparam("zero"), sa.Integer)), {"zero": 0}),
    (select(sa.column("nonsense")).select_from(ITEMS), None),
    (select(sa.literal_column("label").label("x"), sa.cast(i.label, sa.Integer)), None),
    (text("SELECT FROM WHERE"), None),
    (text("SELECT id FROM items WHERE id = :id"), {}),
]

CHANGES: Final[list[Case]] = [
    *((sa.insert(EVERY).values({"id": 3, column: value}).returning(column), None) for column, value in per_type),
    (
        sa.update(EVERY).values({name: bindparam(f"v_{place}") for place, name in enumerate(VALUES)}),
        {f"v_{place}": value for place, (_, value) in enumerate(VALUES.values())},
    ),
    (sa.update(EVERY).values(dict(FULL, id=EVERY.c.id)), None),
    (sa.insert(EVERY).returning(EVERY), FULL | {"id": 3}),
    (sa.insert(EVERY), EMPTY | {"id": 3}),
    (sa.insert(Item).values(name="new", details=sa.JSON.NULL).returning(Item), None),
    (sa.insert(Item).values(name="new", colour=Colour.RED).inline(), None),
    (
        sa.insert(Item).values([{"name": "a", "stock": 1}, {"name": "b", "stock": 2}]).returning(Item.id, Item.twice),
        None,
    ),
    (sa.insert(NOTES).values(item_id=literal(1) + 1, colour=None).inline(), None),
    (sa.insert(NOTES).values(item_id=1).returning(n.id, n.size, n.words.label("said")), None),
    (sa.insert(NOTES).from_select(["item_id", "colour"], select(i.id, i.colour)).returning(n.item_id), None),
    (sa.insert(MADE).values(id=2, kind=bindparam("kind"), weight=None).returning(MADE), {"kind": "x"}),
    (sa.insert(MADE).values(id=1, kind="taken", weight=1), None),
    (upsert.on_conflict_do_nothing(index_elements=["label"]).returning(Item.id), None),
    (upsert.on_conflict_do_update(index_elements=["label"], set_={"colour": Colour.RED}).returning(Item), None),
    (
        upsert.on_conflict_do_update(
            index_elements=["label"], set_={"stock": upsert.excluded.stock}, where=i.stock == 1
        ).inline(),
        None,
    ),
    (sa.update(Item).where(Item.id == 1).values(colour=Colour.BLUE, details={"x": 1}).returning(Item), None),
    (sa.update(Item).where(Item.id == bindparam("this")).values(stock=Item.stock + 1), {"this": 2}),
    (sa.update(Item).values(colour=sa.case((Item.id == 1, Colour.BLUE), else_=None)), None),
    (sa.update(ITEMS).where(i.id == n.item_id).values(label=n.words + i.label, stock=9).returning(n.id, i.label), None),
    (sa.delete(Item).where(Item.colour == Colour.RED), None),
    (sa.delete(ITEMS).where(i.id == n.item_id).returning(i.id), None),
    (sa.delete(Item).where(Item.id == 99), None),
    (select(sa.delete(NOTES).returning(n.id, n.colour).cte("gone")), None),
    (select(sa.insert(MADE).values(id=5, kind=None, weight=1).returning(MADE.c.id).cte("put")), None),
    (text("INSERT INTO notes (id, item_id) VALUES (:id, 1) RETURNING *"), {"id": 50}),
    (text("UPDATE items SET stock = 0"), None),
    (text("TRUNCATE notes"), None),
    (select(sa.Sequence("notes_ids").next_value()), None),
]

FOR_EACH_CALL: Final[list[Case]] = [
    (select(i.id).where(i.id.in_([1, 2])), None),
    (select(i.id).where(i.id.in_(bindparam("ids", expanding=True))), {"ids": [1, 3]}),
    (select(i.id).where(i.colour.in_([Colour.RED]), ~i.id.in_([])), None),
    (select(i.id).limit(bindparam("some", literal_execute=True, type_=sa.Integer)).order_by(i.id), {"some": 1}),
    (sa.insert(MADE).values(id=4).returning(MADE), None),
    (sa.update(MADE).values(weight=2), None),
    (sa.insert(NOTES).values(item_id=4).return_defaults(), None),
    (sa.schema.CreateSchema("public", if_not_exists=True), None),
    (sa.schema.CreateTable(MADE, if_not_exists=True), None),
    (select(i.id).execution_options(schema_translate_map={None: "pg_catalog"}), None),
]
"""What `prepared` refuses; `execute` runs it."""

SEVERAL: Final[list[Case]] = [
    (sa.insert(MADE), [{"id": 2}, {"id": 3}]),
    (sa.insert(MADE).returning(MADE.c.id, MADE.c.kind), [{"id": number} for number in range(2, 1500)]),
    (sa.insert(EVERY), [FULL | {"id": 3}, EMPTY | {"id": 4}]),
    (sa.update(MADE).where(MADE.c.id == bindparam("this")), [{"this": 1, "weight": 5}, {"this": 2, "weight": 6}]),
    (sa.insert(MADE), [{"id": 2}, {"id": 1}]),
    (text("INSERT INTO notes (id) VALUES (:id)"), [{"id": 60}, {"id": 61}]),
    (sa.insert(Item), [{"name": "x"}, {"name": "y", "colour": "no colour"}]),
]
