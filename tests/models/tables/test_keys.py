"""`isp_id` is in every primary, unique and foreign key; the exceptions are few, and listed here."""

# ruff: noqa: S608  # the catalogue is asked with this file's own words

from __future__ import annotations

import re

from sqlalchemy import Engine, text

#: Each with its reason (docs/decisions/0004-keys-without-isp-id.md).
WITHOUT_TENANT = {
    # The tenants themselves, and every row's reference to its tenant.
    "pk_isps",
    "uq_isps_api_key_hash",
    "uq_isps_is_demo",
    # An operator is looked up before a tenant is known; a superadmin has none.
    "pk_users",
    "uq_users_username",
    # A change may belong to no tenant.
    "pk_audit_log",
    # What the API remembers of its callers, some of whom have no tenant or are not known yet.
    "pk_revoked_tokens",
    "fk_revoked_tokens_user_id_users",
    "pk_login_addresses",
    "fk_login_addresses_user_id_users",
    "pk_login_failures",
    # An operator's second factor is looked at while they log in.
    "pk_operator_totp",
    "fk_operator_totp_user_id_users",
    "pk_idempotency_keys",
    "uq_idempotency_keys_caller_key_digest",
    # A router's address belongs to one device in the whole installation.
    "one_device_per_address",
    # A node's spool holds the records of all tenants.
    "pk_spool_progress",
    # One clock, and partitions that hold the rows of all tenants.
    "pk_history_clock",
    "pk_detached_partitions",
    # A proof looks at the books of all tenants.
    "pk_book_verifications",
    # alembic's own.
    "alembic_version_pkc",
}
_TABLES = (
    "from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace "
    "where n.nspname = 'public' and not c.relispartition and k.conparentid = 0 "
)
_COLUMNS = "array(select attname::text from unnest(%s) with ordinality u(number, place) join pg_attribute a " \
           "on a.attrelid = %s and a.attnum = u.number order by place)"  # fmt: skip


def keys(owner: Engine) -> dict[str, list[str]]:
    """Primary, unique, exclusion and foreign keys, and unique indexes that are none of them → their columns."""
    with owner.connect() as connection:
        constraints = connection.execute(
            text(
                f"select k.conname::text, {_COLUMNS % ('k.conkey', 'k.conrelid')} "
                f"{_TABLES} and k.contype in ('p', 'u', 'f', 'x')"
            )
        )
        keys_by_name = {name: list(columns) for name, columns in constraints}
        indexes = connection.execute(
            text(
                f"select c.relname::text, {_COLUMNS % ('i.indkey::smallint[]', 'i.indrelid')} from pg_index i "
                "join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace "
                "where i.indisunique and n.nspname = 'public' and not c.relispartition"
            )
        )
        return keys_by_name | {name: list(columns) for name, columns in indexes if name not in keys_by_name}


def test_every_key_carries_the_tenant_or_is_a_known_exception(owner: Engine) -> None:
    keys_by_name = keys(owner)
    assert len(keys_by_name) > 40
    without = {name for name, columns in keys_by_name.items() if "isp_id" not in columns}
    assert without == WITHOUT_TENANT


def test_the_tenant_stands_first_in_every_key_that_carries_it(owner: Engine) -> None:
    assert [name for name, columns in keys(owner).items() if "isp_id" in columns and columns[0] != "isp_id"] == []


def test_a_foreign_key_ties_a_row_to_a_row_of_its_own_tenant(owner: Engine) -> None:
    with owner.connect() as connection:
        rows = connection.execute(
            text(
                f"select k.conname::text, {_COLUMNS % ('k.conkey', 'k.conrelid')}, "
                f"{_COLUMNS % ('k.confkey', 'k.confrelid')} {_TABLES} and k.contype = 'f'"
            )
        )
        for name, columns, referred in rows:
            if columns == ["isp_id"]:
                assert referred == ["id"], name
            elif name not in WITHOUT_TENANT:
                assert (columns[0], referred[0]) == ("isp_id", "isp_id"), name


def test_constraints_are_named_by_the_one_convention(owner: Engine) -> None:
    with owner.connect() as connection:
        rows = connection.execute(
            text(
                f"select c.relname::text, k.contype::text, k.conname::text, {_COLUMNS % ('k.conkey', 'k.conrelid')}, "
                f"coalesce(k.confrelid::regclass::text, '') {_TABLES} and c.relname <> 'alembic_version'"
            )
        ).all()
    wrong = [row.conname for row in rows if not _is_conventional(*row)]
    by_hand = {"one_device_per_address", "no_instant_charged_twice"}
    assert set(wrong) == by_hand, "named by what they assert: exclusion has no convention"


def _is_conventional(table: str, kind: str, name: str, columns: list[str], referred: str) -> bool:
    joined = "_".join(columns)
    match kind:
        case "p":
            return name == f"pk_{table}"
        case "u":
            return name == f"uq_{table}_{joined}"
        case "f":
            return name == f"fk_{table}_{joined}_{referred}"
        case "c":
            return re.fullmatch(rf"ck_{table}_[a-z][a-z_]*", name) is not None
    return False


def test_indexes_are_named_by_the_one_convention(owner: Engine) -> None:
    with owner.connect() as connection:
        rows = connection.execute(
            text(
                "select t.relname::text, c.relname::text from pg_index i join pg_class c on c.oid = i.indexrelid "
                "join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace "
                "where n.nspname = 'public' and not c.relispartition and not t.relispartition "
                "and t.relname <> 'alembic_version' and not exists "
                "(select from pg_constraint k where k.conindid = i.indexrelid)"
            )
        )
        assert [name for table, name in rows if not re.match(rf"(ix|uq)_{table}_[a-z_]+$", name)] == []


def test_history_has_no_foreign_key(owner: Engine) -> None:
    """docs/decisions/0005: its check would lock the tenant's row thousands of times a second."""
    with owner.connect() as connection:
        rows = connection.scalars(text(f"select distinct c.relname::text {_TABLES} and k.contype = 'f'"))
        assert not {"radacct", "radpostauth", "usage", "usage_daily", "quarantine"} & set(rows)
