"""The tables of gateway.sqlite. Rows are added; only a freeze is ever amended, by its lifting."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table

metadata = MetaData()

intents = Table(
    "intents",
    metadata,
    Column("request", String, primary_key=True),
    Column("decision", String, nullable=False),
    Column("target", String, nullable=False),
    Column("value", Float, nullable=False),
    Column("prior", Float, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("author", String, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("intents_by_target", "target", "at_us"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("request", String, primary_key=True),
    Column("decision", String, nullable=False),
    Column("target", String, nullable=False),
    Column("result", String, nullable=False),
    Column("code", String, nullable=False),
    Column("sentence", String, nullable=False),
    Column("value", Float),
    Column("status", BigInteger),
    Column("written", Boolean, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

stops = Table(
    "stops",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("scope", String, nullable=False),
    Column("mode", String),  # null releases
    Column("until_us", BigInteger),
    Column("reason", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
)

freezes = Table(
    "freezes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("target", String, nullable=False),
    Column("request", String, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("lifted_us", BigInteger),
    Column("lifted_by", String),
    Column("lifted_reason", String),
)
