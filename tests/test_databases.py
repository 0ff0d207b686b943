"""The database each test gets."""

from sqlalchemy import create_engine, inspect, text


class TestDatabaseUrl:
    def test_gives_a_test_a_database_with_our_tables(self, database_url: str) -> None:
        engine = create_engine(database_url)

        tables = inspect(engine).get_table_names()

        engine.dispose()
        assert "checkout_session" in tables


class TestPostgresUrl:
    def test_gives_a_real_postgresql(self, postgres_url: str) -> None:
        engine = create_engine(postgres_url)

        with engine.connect() as connection:
            version = connection.execute(text("SELECT version()")).scalar_one()

        engine.dispose()
        assert version.startswith("PostgreSQL")

    def test_lets_nobody_wait_for_ever(self, postgres_url: str) -> None:
        engine = create_engine(postgres_url)
        names = ("lock_timeout", "idle_in_transaction_session_timeout")

        with engine.connect() as connection:
            limits = [connection.scalar(text(f"SHOW {name}")) for name in names]

        engine.dispose()
        assert "0" not in limits
