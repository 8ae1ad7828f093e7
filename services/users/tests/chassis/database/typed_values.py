"""A table with a column of each type, and a value for each; reading must return what SQLAlchemy returns."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.types import TypeDecorator

Value = Any


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Cents(TypeDecorator[int]):
    impl = sa.Numeric(12, 2)
    cache_ok = True

    def process_bind_param(self, value: Value, _: object) -> Value:
        return None if value is None else Decimal(value) / 100

    def process_result_value(self, value: Value, _: object) -> Value:
        return None if value is None else int(value * 100)


class Celsius(TypeDecorator[float]):
    impl = sa.Float
    cache_ok = True

    def process_bind_param(self, value: Value, _: object) -> Value:
        return None if value is None else value + 273.15


class Tags(TypeDecorator[frozenset[str]]):
    impl = pg.ARRAY(sa.Text)
    cache_ok = True

    def process_bind_param(self, value: Value, _: object) -> Value:
        return None if value is None else sorted(value)

    def process_result_value(self, value: Value, _: object) -> Value:
        return None if value is None else frozenset(value)


class Payload(TypeDecorator[tuple[Any, ...]]):
    impl = pg.JSONB
    cache_ok = True

    def process_bind_param(self, value: Value, _: object) -> Value:
        return None if value is None else {"items": list(value)}

    def process_result_value(self, value: Value, _: object) -> Value:
        return None if value is None else tuple(value["items"])


class Lowered(sa.types.UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "TEXT"

    def bind_expression(self, bindvalue: Value) -> Value:
        return sa.func.lower(bindvalue, type_=self)

    def column_expression(self, column: Value) -> Value:
        return sa.func.upper(column, type_=self)


class Domain(pg.DOMAIN):
    operator_classes = sa.types.OperatorClass.INTEGER


def enum(*values: Any, **options: Any) -> sa.Enum:
    return sa.Enum(*values, name=f"enum_{len(options)}_{len(values)}", **options)


NOON: Final = datetime(2026, 1, 2, 12, 0, 5, 678)  # noqa: DTZ001 - for a column without time zone
AWARE: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
DAY: Final = date(2026, 1, 2)
ID: Final = UUID(int=7)

VALUES: Final[dict[str, tuple[Any, Any]]] = {
    "integer": (sa.Integer, 7),
    "small": (sa.SmallInteger, -7),
    "big": (sa.BigInteger, 2**40),
    "numeric": (sa.Numeric(10, 2), Decimal("9.50")),
    "numeric_as_float": (sa.Numeric(10, 2, asdecimal=False), 9.5),
    "float": (sa.Float, 1.5),
    "float_as_decimal": (sa.Float(asdecimal=True), Decimal("1.5")),
    "double": (sa.Double, 1.25),
    "real": (pg.REAL, 0.5),
    "boolean": (sa.Boolean, True),
    "string": (sa.String(20), "it's \\ 100 % :fine"),
    "text": (sa.Text, "naïve ☂"),
    "unicode": (sa.Unicode, "ü"),
    "char": (sa.CHAR(4), "ab"),
    "binary": (sa.LargeBinary, b"\x00\xff"),
    "date": (sa.Date, DAY),
    "datetime": (sa.DateTime, NOON),
    "datetime_tz": (sa.DateTime(timezone=True), AWARE),
    "time": (sa.Time, time(1, 2, 3)),
    "time_tz": (sa.Time(timezone=True), time(1, 2, 3, tzinfo=UTC)),
    "interval": (sa.Interval, timedelta(days=1, seconds=2)),
    "pg_interval": (pg.INTERVAL(precision=3), timedelta(hours=-1)),
    "uuid": (sa.Uuid, ID),
    "uuid_as_text": (sa.Uuid(as_uuid=False), str(ID)),
    "uuid_not_native": (sa.Uuid(native_uuid=False), ID),
    "enum": (enum(Colour), Colour.RED),
    "enum_of_values": (enum(Colour, values_callable=lambda kind: [each.value for each in kind]), Colour.BLUE),
    "enum_as_varchar": (enum(Colour, native_enum=False), Colour.BLUE),
    "enum_of_strings": (enum("a", "b"), "b"),
    "json": (sa.JSON, {"a": [1, None, "x"]}),
    "json_null": (sa.JSON(none_as_null=True), [1]),
    "jsonb": (pg.JSONB, {"a": {"b": [1, 2]}, "c": None}),
    "jsonb_list": (pg.JSONB, [1, "two"]),
    "array": (pg.ARRAY(sa.Integer), [1, 2]),
    "array_of_text": (sa.ARRAY(sa.String), ["a", "b'c"]),
    "array_of_uuid": (pg.ARRAY(sa.Uuid), [ID]),
    "array_of_numeric": (pg.ARRAY(sa.Numeric(5, 1)), [Decimal("1.5")]),
    "array_of_enum": (pg.ARRAY(enum(Colour)), [Colour.RED, Colour.BLUE]),
    "array_of_time": (pg.ARRAY(sa.DateTime(timezone=True)), [AWARE]),
    "array_of_jsonb": (pg.ARRAY(pg.JSONB), [{"a": 1}]),
    "array_of_arrays": (pg.ARRAY(sa.Integer, dimensions=2), [[1, 2], [3, 4]]),
    "array_as_tuple": (pg.ARRAY(sa.Integer, as_tuple=True), (1, 2)),
    "int4range": (pg.INT4RANGE, Range(1, 5)),
    "int8range": (pg.INT8RANGE, Range(1, 5, bounds="[]")),
    "numrange": (pg.NUMRANGE, Range(Decimal(1), None)),
    "daterange": (pg.DATERANGE, Range(DAY, DAY + timedelta(days=3))),
    "tsrange": (pg.TSRANGE, Range(None, NOON)),
    "tstzrange": (pg.TSTZRANGE, Range(AWARE, AWARE, empty=True)),
    "array_of_ranges": (pg.ARRAY(pg.INT4RANGE), [Range(1, 2)]),
    "int4multirange": (pg.INT4MULTIRANGE, [Range(1, 3), Range(5, 7)]),
    "nummultirange": (pg.NUMMULTIRANGE, []),
    "datemultirange": (pg.DATEMULTIRANGE, [Range(DAY, None)]),
    "tstzmultirange": (pg.TSTZMULTIRANGE, pg.ranges.MultiRange([Range(AWARE, None)])),
    "inet": (pg.INET, ip_address("10.0.0.1")),
    "cidr": (pg.CIDR, ip_network("10.0.0.0/8")),
    "macaddr": (pg.MACADDR, "08:00:2b:01:02:03"),
    "bit": (pg.BIT(3), pg.BitString("101")),
    "bit_varying": (pg.BIT(8, varying=True), pg.BitString("1")),
    "tsvector": (pg.TSVECTOR, "'a' 'b'"),
    "oid": (pg.OID, 5),
    "regclass": (pg.REGCLASS, "pg_class"),
    "domain": (Domain("positive", sa.Integer, check="VALUE > 0"), 5),
    "pickle": (sa.PickleType, {"any": {1, 2}}),
    "cents": (Cents, 950),
    "celsius": (Celsius, 20.0),
    "tags": (Tags, frozenset({"a", "b"})),
    "payload": (Payload, ("a", 1)),
    "array_of_cents": (pg.ARRAY(Cents), [1, 250]),
    "lowered": (Lowered, "ABC"),
    "variant": (sa.String().with_variant(pg.JSONB(), "postgresql"), {"a": 1}),
    "a b": (sa.Integer, 1),
    "per%cent": (sa.Integer, 2),
    "co:lon": (sa.Integer, 3),
    "paren(t)": (sa.Integer, 4),
    "dollar$1": (sa.Integer, 5),
    "SELECT": (sa.Integer, 6),
    'quo"ted': (sa.Integer, 7),
    "brack[et]": (sa.Integer, 8),
    "dot.ted": (sa.Integer, 9),
    "count": (sa.Integer, 10),
    "index": (sa.Integer, 11),
    "_fields": (sa.Integer, 12),
}

METADATA: Final = sa.MetaData()
EVERY: Final = sa.Table(
    "every",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    *(sa.Column(name, kind) for name, (kind, _) in VALUES.items()),
)
FULL: Final = {"id": 1, **{name: value for name, (_, value) in VALUES.items()}}
EMPTY: Final = {"id": 2, **dict.fromkeys(VALUES)}
