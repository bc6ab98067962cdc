"""A database as the ancestor leaves it: made by peewee, with rows."""

from __future__ import annotations

import sqlite3
from typing import Any

import psycopg2

# As peewee makes it for the ancestor, on each database.
ANCESTORS_TABLE = {
    "sqlite": (
        'CREATE TABLE "prediction" ("id" INTEGER NOT NULL PRIMARY KEY, "observation_id" INTEGER NOT'
        ' NULL, "observation" TEXT NOT NULL, "proba" REAL NOT NULL, "true_class" INTEGER)'
    ),
    "postgres": (
        'CREATE TABLE "prediction" ("id" SERIAL NOT NULL PRIMARY KEY, "observation_id" INTEGER NOT'
        ' NULL, "observation" TEXT NOT NULL, "proba" REAL NOT NULL, "true_class" INTEGER)'
    ),
}
ANCESTORS_INDEX = (
    'CREATE UNIQUE INDEX "prediction_observation_id" ON "prediction" ("observation_id")'
)
ANCESTORS_ROWS = [
    (1, 0, '{"id": 0, "observation": {"Age": 22.0}}', 0.16097398, 1),
    (2, 17, '{"id": 17, "observation": {"Age": null}}', 0.1, None),
    (5, -3, '{"id": -3, "observation": {}}', 0.333333343, 0),
    (6, 2147483647, '{"id": 2147483647, "observation": {}}', 1e-7, 2),
]


def make_ancestor(kind: str, url: str) -> list[tuple[Any, ...]]:
    """The ancestor's database with rows; returns what the ancestor itself would print."""
    statements = (ANCESTORS_TABLE[kind], ANCESTORS_INDEX)
    columns = "(id, observation_id, observation, proba, true_class)"
    if kind == "sqlite":
        file = sqlite3.connect(url.removeprefix("sqlite:///"))
        for statement in statements:
            file.execute(statement)
        file.executemany(f"INSERT INTO prediction {columns} VALUES (?,?,?,?,?)", ANCESTORS_ROWS)
        # The ancestor hands the body over as bytes.
        file.execute("UPDATE prediction SET observation = CAST(observation AS BLOB) WHERE id = 5")
        file.commit()
        printed = file.execute("SELECT * FROM prediction ORDER BY id").fetchall()
        file.close()
        return [(*row[:2], str(row[2], "utf-8") if isinstance(row[2], bytes) else row[2], *row[3:])
                for row in printed]  # fmt: skip
    with psycopg2.connect(url.replace("+psycopg2", "")) as server, server.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        for row in ANCESTORS_ROWS:
            cursor.execute(f"INSERT INTO prediction {columns} VALUES (%s,%s,%s,%s,%s)", row)
        cursor.execute("SELECT setval('prediction_id_seq', 6)")
        cursor.execute("SELECT * FROM prediction ORDER BY id")
        printed = cursor.fetchall()
    server.close()
    return printed


# Kinds of columns that relatives of the ancestor have: the id's, the true class's.
RELATIVES = {
    "text": ("VARCHAR(255)", "VARCHAR(255)"),
    "boolean": ("BIGINT", "BOOLEAN"),
    "fraction": ("TEXT", "DOUBLE PRECISION"),
}
_RELATIVES_ROWS: dict[str, list[tuple[Any, ...]]] = {
    "text": [
        (1, "007", "{}", 0.25, "survived"), (2, "7", "{}", 0.5, "1"), (3, "a b", "{}", 0.75, None),
        (4, "caf\u00e9", "{}", 1.0, 'did "not"'),
    ],
    "boolean": [(1, 7, "{}", 0.25, True), (2, -(2**63), "{}", 0.5, False), (3, 0, "{}", 0.5, None)],
    "fraction": [(1, "7.0", "{}", 0.25, 1.5), (2, "1e3", "{}", 0.5, None)],
}  # fmt: skip


def make_relative(kind: str, url: str, relative: str) -> list[tuple[Any, ...]]:
    """The database of such a relative, with rows, which it would print as they are returned."""
    id_type, class_type = RELATIVES[relative]
    table = ANCESTORS_TABLE[kind].replace('"observation_id" INTEGER', f'"observation_id" {id_type}')
    table = table.replace('"true_class" INTEGER', f'"true_class" {class_type}')
    rows = _RELATIVES_ROWS[relative]
    insert = "INSERT INTO prediction VALUES (?,?,?,?,?)"
    connection: Any
    if kind == "sqlite":
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    else:
        connection = psycopg2.connect(url.replace("+psycopg2", ""))
        insert = insert.replace("?", "%s")
    cursor = connection.cursor()
    cursor.execute(table)
    cursor.execute(ANCESTORS_INDEX)
    for row in rows:
        cursor.execute(insert, row)
    connection.commit()
    connection.close()
    return rows
