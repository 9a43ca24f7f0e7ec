"""What drivers say, told as one of our causes."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.db.causes import (
    AWAY,
    BUSY,
    CLOSED,
    FULL,
    NONE,
    OUTDATED,
    READ_ONLY,
    Cause,
    cause_of,
    in_a_line,
    may_be_of_url,
)
from app.db.engine import Database


class DriverError(Exception):
    """As PostgreSQL's driver raises them."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("it\n\tfailed")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        *((None, AWAY), ("57P01", AWAY), ("57P03", AWAY), ("08006", AWAY), ("53100", FULL)),
        *(("53300", BUSY), ("25006", READ_ONLY), ("42P01", OUTDATED), ("42703", OUTDATED)),
        *(("40001", BUSY), ("40P01", BUSY), ("57014", BUSY), ("42501", CLOSED), ("28P01", CLOSED)),
        *(("XX001", NONE), ("22P02", None), ("23505", None), ("42601", None)),
    ],
)
def test_what_postgresql_says(state: str | None, cause: Cause | None) -> None:
    assert cause_of(OperationalError(None, None, DriverError(state))) is cause


def failure(database: Database, statement: str) -> DBAPIError:
    with pytest.raises(DBAPIError) as failed, database.write() as session:
        session.execute(text(statement))
    return failed.value


def test_what_both_databases_say_of_another_schema(database: Database) -> None:
    for statement in (
        "SELECT * FROM absent",
        "SELECT absent FROM jobs",
        "INSERT INTO jobs (absent) VALUES (1)",
    ):
        assert cause_of(failure(database, statement)) is OUTDATED


def test_what_is_our_own_fault_is_not_put_on_the_database(database: Database) -> None:
    for statement in ("SELEC 1", "INSERT INTO searches (id) VALUES ('x')"):
        error = failure(database, statement)
        assert cause_of(error) is None
        assert not may_be_of_url(error)
    assert cause_of(ValueError("x")) is None
    assert cause_of(ProgrammingError(None, None, Exception("closed"))) is None
    assert cause_of(InterfaceError(None, None, Exception("misused"))) is None


def test_what_sqlite_says(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database" * 500)
    (tmp_path / "folder").mkdir()
    assert cause_of(failure(Database(f"sqlite:///{tmp_path / 'text'}"), "SELECT 1")) is NONE
    assert cause_of(failure(Database(f"sqlite:///{tmp_path / 'folder'}"), "SELECT 1")) is CLOSED
    with sqlite_database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = 1")
        with pytest.raises(OperationalError) as failed:
            connection.exec_driver_sql("CREATE TABLE x (y)")
        connection.exec_driver_sql("PRAGMA query_only = 0")
    assert cause_of(failed.value) is READ_ONLY


def test_a_pool_without_a_connection_is_busy() -> None:
    assert cause_of(PoolTimeoutError()) is BUSY


def test_what_a_driver_says_is_told_in_a_line() -> None:
    assert in_a_line(OperationalError("SELECT 1", {}, DriverError(None))) == "it failed"
