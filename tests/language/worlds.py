"""Random predicates over random partial data, and an evaluator that knows nothing of SQL.

A partial row leaves some things open: `UNREAD` cells, `SET` ones (there, value not known), unread
elements of lists, related rows that are stale or missing. `completions` enumerates every row that
it may really be; `holds` judges a predicate on one such row in plain two-valued logic. Predicates
are nested tuples, made, printed and judged here alone: nothing of the compiler is used.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Expr = tuple[Any, ...]
World = dict[str, Any]


class _Mark:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


UNREAD, ABSENT, SET = _Mark("UNREAD"), _Mark("ABSENT"), _Mark("SET")
MORE = _Mark("MORE")
"""An unread element: none, one or several may be there."""

SPAN = 2
"""How many elements one unread element stands for at most: as many as a count asks for."""

NUMBERS, TEXTS, OPTIONAL = [0, 1, 2], ["ab", "Ba"], [ABSENT, "x", "y"]
DAYS = [0, 40]
STRUCTS = [{"p": p, "q": q} for p in (0, 1) for q in (True, False)]


@dataclass(frozen=True)
class Column:
    """What a column may hold: `domain` of a scalar, `item` domain of a list."""

    kind: str
    domain: Sequence[Any] = ()
    item: Sequence[Any] = ()
    optional: bool = False


TABLES: dict[str, dict[str, Column]] = {
    "box": {
        "a": Column("int", NUMBERS),
        "b": Column("bool", [True, False]),
        "t": Column("text", TEXTS),
        "o": Column("text", ["x", "y"], optional=True),
        "d": Column("time", DAYS),
        "k": Column("tag", ["x", "y"], optional=True),
        "s": Column("struct", STRUCTS),
        "ns": Column("list", item=[0, 1]),
        "es": Column("list", item=[0, 1], optional=True),
        "ss": Column("list", item=STRUCTS),
        "ws": Column("list", item=[{"p": p, "w": w} for p in (0, 1) for w in ([], [0], [1])]),
    },
    "key": {
        "z": Column("int", [0, 1]),
        "w": Column("bool", [True, False]),
        "n": Column("text", ["x"], optional=True),
        "us": Column("list", item=[0, 1]),
    },
    "shelf": {"h": Column("bool", [True, False])},
}
RELATIONS = {"box": {"keys": "key"}, "key": {"deep": "shelf"}, "shelf": {}}


@dataclass
class Related:
    """A related row: `stale` rows may be gone, `missing` ones were never read."""

    uid: str
    row: World
    stale: bool = False
    missing: bool = False
    relations: dict[str, list[Any]] = field(default_factory=dict)


# partial data


class Data:
    """Random partial rows; `doubt` is how likely a thing is left open."""

    def __init__(self, rng: random.Random, doubt: float) -> None:
        self.rng, self.doubt, self.count = rng, doubt, 0

    def open(self) -> bool:
        return self.rng.random() < self.doubt

    def row(self, table: str) -> World:
        return {name: self.cell(column) for name, column in TABLES[table].items()}

    def cell(self, column: Column) -> Any:
        if self.open():
            return UNREAD
        if column.optional and self.rng.random() < 0.4:
            return SET if column.kind != "list" and self.open() else ABSENT
        if column.kind == "list":
            items = [self.partly(i) for i in self.rng.choices(column.item, k=self.rng.randrange(3))]
            return [*items, MORE] if self.open() else items
        return self.partly(self.rng.choice(column.domain))

    def partly(self, value: Any) -> Any:
        """A value in which fields, or elements of a list in a field, may not be known."""
        if isinstance(value, dict):
            return {k: UNREAD if self.open() else self.partly(v) for k, v in value.items()}
        if isinstance(value, list):
            return [*value, MORE] if self.open() else value
        return value

    def relations(self, table: str) -> dict[str, list[Any]]:
        return {name: self.related(target) for name, target in RELATIONS[table].items()}

    def related(self, target: str) -> list[Any]:
        out: list[Any] = []
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            self.count += 1
            stale, missing = (self.rng.random() < self.doubt / 2 for _ in range(2))
            uid, row = f"{target}-{self.count}", self.row(target)
            out.append(Related(uid, row, stale, missing, self.relations(target)))
        return [*out, MORE] if self.open() else out


# completions


def completions(
    row: World, relations: dict[str, list[Any]], used: Collection[str]
) -> Iterator[World]:
    """Every row that a partial one may be, as far as the predicate's names go."""
    names = [name for name in (*row, *relations) if name in used]
    every = [
        list(_lists(relations[n], _target(n, used), used))
        if n in relations
        else list(_cells(row[n], _column(n)))
        for n in names
    ]
    for chosen in itertools.product(*every):
        yield dict(zip(names, chosen, strict=True))


def _column(name: str) -> Column:
    return next(columns[name] for columns in TABLES.values() if name in columns)


def _target(relation: str, used: Collection[str]) -> list[World]:
    """Every row that an unread related row may be."""
    target = next(r[relation] for r in RELATIONS.values() if relation in r)
    row = dict.fromkeys(TABLES[target], UNREAD)
    return list(completions(row, {name: [MORE] for name in RELATIONS[target]}, used))


def _cells(value: Any, column: Column) -> Iterator[Any]:
    if column.kind == "list":
        if value is UNREAD and column.optional:
            yield ABSENT
        if value is ABSENT:
            yield ABSENT
            return
        yield from _lists([MORE] if value is UNREAD else value, column.item)
        return
    if value is UNREAD or value is SET:
        yield from column.domain
        if value is UNREAD and column.optional:
            yield ABSENT
        return
    yield from _values(value, column.domain)


def _values(value: Any, domain: Sequence[Any]) -> Iterator[Any]:
    """Completions of a value, whose unknown fields take any value that `domain` shows there."""
    if not isinstance(value, dict):
        yield value
        return
    fields = []
    for name, inner in value.items():
        shown = [each[name] for each in domain]
        options: list[Any] = []
        for option in shown if inner is UNREAD else [inner]:
            if isinstance(option, list):
                wider = [MORE] if inner is UNREAD else option
                options += [o for o in _lists(wider, [0, 1]) if o not in options]
            elif option not in options:
                options.append(option)
        fields.append([(name, option) for option in options])
    for chosen in itertools.product(*fields):
        yield dict(chosen)


def _lists(
    items: Sequence[Any], domain: Sequence[Any], used: Collection[str] = ()
) -> Iterator[list[Any]]:
    """Completions of a list; `used` are the names that matter of related rows."""
    every: list[list[list[Any]]] = []
    for item in items:
        if item is MORE or (isinstance(item, Related) and item.missing):
            span = range(SPAN + 1)
            more = (itertools.combinations_with_replacement(domain, k) for k in span)
            every.append([list(chosen) for chosen in itertools.chain(*more)])
        elif isinstance(item, Related):
            known = domain if item.stale else completions(item.row, item.relations, used)
            every.append([*([[]] if item.stale else []), *([w] for w in known)])
        else:
            every.append([[value] for value in _values(item, domain)])
    for chosen in itertools.product(*every):
        yield [element for part in chosen for element in part]


# predicates


COMPARE = {
    "=": lambda x, y: x == y,
    "<>": lambda x, y: x != y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
}


class Predicates:
    """Random predicates. A scope is (prefix of the row, names of list variables by domain)."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.variables = rng, 0

    def condition(self, table: str, row: str, elements: tuple[Expr, ...], depth: int) -> Expr:
        roll = self.rng.random()
        if depth > 0 and roll < 0.6:
            if roll < 0.12:
                return ("not", self.condition(table, row, elements, depth - 1))
            op = self.rng.choice(["and", "or"])
            return (op, *(self.condition(table, row, elements, depth - 1) for _ in range(2)))
        return self.atom(table, row, elements, depth)

    def atom(self, table: str, row: str, elements: tuple[Expr, ...], depth: int) -> Expr:
        if elements and self.rng.random() < 0.7:
            return self.of_element(table, row, elements, depth)
        return getattr(self, f"of_{table}")(row, elements, depth)

    def of_element(self, table: str, row: str, elements: tuple[Expr, ...], depth: int) -> Expr:
        element = self.rng.choice(elements)
        _, variable, kind = element
        this = ("name", variable)
        if kind == "number":
            return self.compare(this, [0, 1])
        options: list[Expr] = [self.compare(("field", this, "p"), [0, 1])]
        if kind == "struct":
            options.append(("field", this, "q"))
        else:
            options += 2 * [self.walk(("field", this, "w"), "number", table, row, elements, 0)]
        return self.rng.choice(options)

    def of_box(self, row: str, elements: tuple[Expr, ...], depth: int) -> Expr:
        o, tag, a, t = ("name", "o"), ("tag", "k"), ("name", "a"), ("name", "t")
        lists = [("ns", "number"), ("ss", "struct"), ("ws", "nested")]
        choice = self.rng.randrange(26)
        if choice < 2:
            return ("name", "b")
        if choice < 4:
            return self.compare(a, NUMBERS)
        if choice < 8:
            return self.rng.choice(
                [
                    ("in", a, tuple(self.rng.sample(NUMBERS, 2))),
                    ("between", a, *self.rng.choice([(0, 1), (1, 1), (1, 2)])),
                    self.compare(("arith", "+", a, ("lit", 1)), [1, 2, 3]),
                    self.compare(("arith", "*", a, ("lit", 2)), [0, 2, 4]),
                    self.compare(("arith", "-", ("lit", 2), a), NUMBERS),
                    self.compare(("days", ("name", "d")), DAYS),
                    ("like", t, "a%"),
                    ("starts", ("lower", t), "b"),
                    ("matches", t, "^[A-Z]"),
                    ("cmp", "=", ("lower", t), ("lit", "ba")),
                ]
            )
        if choice < 13:
            ref = self.rng.choice([o, tag])
            kind = self.rng.choice(["is_set", "is_absent", "coalesce", "coalesce"])
            if kind != "coalesce":
                return (kind, ref)
            default, other = self.rng.choice(["x", "z"]), self.rng.choice(["x", "y"])
            op = self.rng.choice(["=", "<>"])
            return ("cmp", op, ("coalesce", ref, default), ("lit", other))
        if choice < 15:
            s = ("name", "s")
            return self.rng.choice([self.compare(("field", s, "p"), [0, 1]), ("field", s, "q")])
        if depth < 0:
            return ("name", "b")
        if choice < 17:
            return self.compare(("len", ("name", "ns")), [0, 1, 2])
        if choice < 22:
            column, kind = self.rng.choice(lists)
            return self.walk(("name", column), kind, "box", row, elements, depth)
        if choice < 23:
            source = ("coalesce_list", ("name", "es"))
            return self.walk(source, "number", "box", row, elements, depth)
        return self.relate(("name", "keys"), "key", depth)

    def of_key(self, row: str, elements: tuple[Expr, ...], depth: int) -> Expr:
        choice = self.rng.randrange(10)
        if choice < 3:
            return ("name", f"{row}.w")
        if choice < 5:
            return self.compare(("name", f"{row}.z"), [0, 1])
        if choice < 6:
            return (self.rng.choice(["is_set", "is_absent"]), ("name", f"{row}.n"))
        if choice < 7:
            return ("cmp", "=", ("coalesce", ("name", f"{row}.n"), "y"), ("lit", "x"))
        if choice < 9:
            return self.walk(("name", f"{row}.us"), "number", "key", row, elements, 0)
        return self.relate(("name", f"{row}.deep"), "shelf", 0)

    def of_shelf(self, row: str, elements: tuple[Expr, ...], depth: int) -> Expr:
        return ("name", f"{row}.h")

    def compare(self, left: Expr, numbers: Sequence[int]) -> Expr:
        """A comparison that some of the numbers meet and some do not: the domain is no secret."""
        ops = [
            (op, bound) for op in COMPARE for bound in numbers if self.splits(op, bound, numbers)
        ]
        op, bound = self.rng.choice(ops)
        return ("cmp", op, left, ("lit", bound))

    @staticmethod
    def splits(op: str, bound: int, numbers: Sequence[int]) -> bool:
        return len({COMPARE[op](number, bound) for number in numbers}) == 2

    def walk(
        self, source: Expr, kind: str, table: str, row: str, elements: tuple[Expr, ...], depth: int
    ) -> Expr:
        variable = self.variable()
        inner = (*elements, ("element", variable, kind))
        condition = self.condition(table, row, inner, min(depth - 1, 1))
        return self.quantified(source, variable, condition)

    def relate(self, source: Expr, target: str, depth: int) -> Expr:
        variable = self.variable()
        condition = self.condition(target, variable, (), min(depth, 1))
        return self.quantified(source, variable, condition)

    def quantified(self, source: Expr, variable: str, condition: Expr) -> Expr:
        kind = self.rng.choice(["any_of", "all_of", "none_of", "count_of"])
        if kind == "count_of":
            return self.compare(("count", source, variable, condition), [0, 1, 2])
        return (kind, source, variable, condition)

    def variable(self) -> str:
        self.variables += 1
        return f"v{self.variables}"


# printing and judging

QUANTIFIERS = ("any_of", "all_of", "none_of")


def text(e: Expr) -> str:
    """The predicate as an author writes it."""
    kind, *rest = e
    if kind in ("and", "or"):
        return f"({text(rest[0])} {kind.upper()} {text(rest[1])})"
    if kind == "cmp":
        return f"{text(rest[1])} {rest[0]} {text(rest[2])}"
    if kind == "arith":
        return f"({text(rest[1])} {rest[0]} {text(rest[2])})"
    if kind in (*QUANTIFIERS, "count"):
        name = "count_of" if kind == "count" else kind
        return f"{name}({text(rest[0])}, {rest[1]} -> {text(rest[2])})"
    if kind == "in":
        return f"{text(rest[0])} IN {rest[1]!r}"
    if kind == "between":
        return f"{text(rest[0])} BETWEEN {rest[1]} AND {rest[2]}"
    if kind == "like":
        return f"{text(rest[0])} LIKE {rest[1]!r}"
    written = {"starts": "starts_with", "matches": "regexp_matches"}
    if kind in written:
        return f"{written[kind]}({text(rest[0])}, {rest[1]!r})"
    if kind == "coalesce":
        return f"coalesce({text(rest[0])}, {rest[1]!r})"
    if kind == "field":
        return f"{text(rest[0])}.{rest[1]}"
    plain = {"name": "{}", "lit": "{!r}", "tag": "tag({!r})"}
    if kind in plain:
        return plain[kind].format(rest[0])
    forms = {
        "not": "NOT ({})",
        "days": "days_since({})",
        "coalesce_list": "coalesce({}, [])",
    }
    return forms.get(kind, kind + "({})").format(text(rest[0]))


def names(e: Expr) -> set[str]:
    """Every column and relation that a predicate reads, of whatever row."""
    found: set[str] = set()
    if e[0] in ("name", "tag"):
        return {e[1].rpartition(".")[2]}
    for part in e[1:]:
        if isinstance(part, tuple) and part and isinstance(part[0], str):
            found |= names(part)
    return found


def holds(e: Expr, env: World) -> Any:
    """Judge a predicate, or read a value, in a world where everything is known."""
    kind, *rest = e
    if kind == "name":
        head, _, column = rest[0].partition(".")
        return env[head][column] if column else env[head]
    if kind == "lit":
        return rest[0]
    if kind == "cmp":
        return COMPARE[rest[0]](holds(rest[1], env), holds(rest[2], env))
    if kind == "and":
        return holds(rest[0], env) and holds(rest[1], env)
    if kind == "or":
        return holds(rest[0], env) or holds(rest[1], env)
    if kind == "not":
        return not holds(rest[0], env)
    if kind in (*QUANTIFIERS, "count"):
        results = [holds(rest[2], {**env, rest[1]: x}) for x in holds(rest[0], env)]
        if kind == "count":
            return sum(results)
        return {"any_of": any, "all_of": all}.get(kind, lambda r: not any(r))(results)
    return _leaf(kind, rest, env)


def _leaf(kind: str, rest: list[Any], env: World) -> Any:
    if kind == "tag":
        return env["k"]
    value = holds(rest[0] if kind != "arith" else rest[1], env)
    if kind == "arith":
        other = holds(rest[2], env)
        return {"+": value + other, "-": value - other, "*": value * other}[rest[0]]
    if kind == "field":
        return value[rest[1]]
    if kind == "coalesce":
        return rest[1] if value is ABSENT else value
    if kind == "coalesce_list":
        return [] if value is ABSENT else value
    if kind == "in":
        return value in rest[1]
    if kind == "between":
        return rest[1] <= value <= rest[2]
    if kind == "like":
        return value.startswith(rest[1].rstrip("%"))
    if kind == "starts":
        return value.startswith(rest[1])
    if kind == "matches":
        return value[0].isupper()
    return {
        "is_set": lambda: value is not ABSENT,
        "is_absent": lambda: value is ABSENT,
        "len": lambda: len(value),
        "lower": lambda: value.lower(),
        "days": lambda: value,
    }[kind]()
