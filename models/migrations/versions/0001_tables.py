"""The tables (written from the models; the test of models against migrations keeps them alike)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "isps",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("api_key_hash", sa.Text(), nullable=True),
        sa.Column("radius_secret", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("currency", sa.Text(), server_default="USD", nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("max_stale_hours", sa.BigInteger(), server_default=sa.text("72"), nullable=False),
        sa.Column("retention_months", sa.BigInteger(), server_default=sa.text("24"), nullable=False),
        sa.Column("credential_storage", sa.Text(), server_default="encrypted", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "credential_storage in ('encrypted', 'nt_password', 'ssha512')",
            name=op.f("ck_isps_credential_storage_known"),
        ),
        sa.CheckConstraint("status in ('active', 'suspended')", name=op.f("ck_isps_status_known")),
        sa.CheckConstraint("length(name) between 1 and 200", name=op.f("ck_isps_name_length")),
        sa.CheckConstraint("max_stale_hours >= 0", name=op.f("ck_isps_max_stale_hours_not_negative")),
        sa.CheckConstraint("retention_months >= 1", name=op.f("ck_isps_retention_months_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_isps")),
        sa.UniqueConstraint("api_key_hash", name=op.f("uq_isps_api_key_hash")),
    )
    op.create_table(
        "radacct",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("acctuniqueid", sa.Text(), server_default=sa.text("md5(gen_random_uuid()::text)"), nullable=False),
        sa.Column(
            "session_month",
            sa.Date(),
            server_default=sa.text("(date_trunc('month', now() at time zone 'UTC'))::date"),
            nullable=False,
        ),
        sa.Column("radacctid", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("acctsessionid", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("groupname", sa.Text(), nullable=True),
        sa.Column("realm", sa.Text(), nullable=True),
        sa.Column("nasipaddress", postgresql.INET(), nullable=True),
        sa.Column("nasportid", sa.Text(), nullable=True),
        sa.Column("nasporttype", sa.Text(), nullable=True),
        sa.Column("acctstarttime", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True),
        sa.Column("acctupdatetime", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acctstoptime", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acctinterval", sa.BigInteger(), nullable=True),
        sa.Column("acctsessiontime", sa.BigInteger(), nullable=True),
        sa.Column("acctauthentic", sa.Text(), nullable=True),
        sa.Column("connectinfo_start", sa.Text(), nullable=True),
        sa.Column("connectinfo_stop", sa.Text(), nullable=True),
        sa.Column("acctinputoctets", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("acctoutputoctets", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("calledstationid", sa.Text(), nullable=True),
        sa.Column("callingstationid", sa.Text(), nullable=True),
        sa.Column("acctterminatecause", sa.Text(), nullable=True),
        sa.Column("servicetype", sa.Text(), nullable=True),
        sa.Column("framedprotocol", sa.Text(), nullable=True),
        sa.Column("framedipaddress", postgresql.INET(), nullable=True),
        sa.Column("framedipv6address", postgresql.INET(), nullable=True),
        sa.Column("framedipv6prefix", postgresql.INET(), nullable=True),
        sa.Column("framedinterfaceid", sa.Text(), nullable=True),
        sa.Column("delegatedipv6prefix", postgresql.INET(), nullable=True),
        sa.Column("class", sa.Text(), nullable=True),
        sa.Column("router_time", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "acctinputoctets >= 0 and acctoutputoctets >= 0", name=op.f("ck_radacct_octets_not_negative")
        ),
        sa.PrimaryKeyConstraint("isp_id", "acctuniqueid", "session_month", name=op.f("pk_radacct")),
        postgresql_partition_by="RANGE (session_month)",
    )
    op.create_index(
        "ix_radacct_isp_id_customer_id_acctstarttime",
        "radacct",
        ["isp_id", "customer_id", "acctstarttime"],
        unique=False,
    )
    op.create_index(
        "ix_radacct_open",
        "radacct",
        ["isp_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("acctstoptime is null"),
    )
    op.create_table(
        "radpostauth",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("authdate", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("nasipaddress", postgresql.INET(), nullable=True),
        sa.Column("callingstationid", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("isp_id", "id", "authdate", name=op.f("pk_radpostauth")),
        postgresql_partition_by="RANGE (authdate)",
    )
    op.create_index("ix_radpostauth_isp_id_authdate", "radpostauth", ["isp_id", "authdate"], unique=False)
    op.create_index(
        "ix_radpostauth_isp_id_customer_id_authdate",
        "radpostauth",
        ["isp_id", "customer_id", "authdate"],
        unique=False,
    )
    op.create_table(
        "usage",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("bytes_in >= 0 and bytes_out >= 0", name=op.f("ck_usage_bytes_not_negative")),
        sa.PrimaryKeyConstraint("isp_id", "customer_id", "period_start", name=op.f("pk_usage")),
    )
    op.create_table(
        "usage_daily",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("bytes_in >= 0 and bytes_out >= 0", name=op.f("ck_usage_daily_bytes_not_negative")),
        sa.PrimaryKeyConstraint("isp_id", "customer_id", "day", name=op.f("pk_usage_daily")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("isp_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_audit_log_isp_id_isps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_isp_id_created_at", "audit_log", ["isp_id", "created_at"], unique=False)
    op.create_table(
        "mikrotik_devices",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ip_address", postgresql.CIDR(), nullable=False),
        sa.Column("radius_secret", sa.Text(), nullable=False),
        sa.Column("require_message_authenticator", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("octets_reversed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("coa_port", sa.BigInteger(), server_default=sa.text("3799"), nullable=False),
        sa.Column("api_host", sa.Text(), nullable=True),
        sa.Column("api_port", sa.BigInteger(), server_default=sa.text("8729"), nullable=False),
        sa.Column("api_username", sa.Text(), nullable=True),
        sa.Column("api_password", sa.Text(), nullable=True),
        sa.Column("api_tls", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("ip_address"), "&&"), using="gist", name="one_device_per_address", ops={"ip_address": "inet_ops"}
        ),
        sa.CheckConstraint("status in ('active', 'disabled')", name=op.f("ck_mikrotik_devices_status_known")),
        sa.CheckConstraint("api_port between 1 and 65535", name=op.f("ck_mikrotik_devices_api_port_range")),
        sa.CheckConstraint("coa_port between 1 and 65535", name=op.f("ck_mikrotik_devices_coa_port_range")),
        sa.CheckConstraint("length(name) between 1 and 200", name=op.f("ck_mikrotik_devices_name_length")),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_mikrotik_devices_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_mikrotik_devices")),
    )
    op.create_table(
        "outbox",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('coa', 'disconnect')", name=op.f("ck_outbox_kind_known")),
        sa.CheckConstraint("status in ('pending', 'sent', 'done', 'failed')", name=op.f("ck_outbox_status_known")),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_outbox_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status in ('pending', 'sent')"),
    )
    op.create_index("ix_outbox_isp_id_customer_id", "outbox", ["isp_id", "customer_id"], unique=False)
    op.create_table(
        "radgroupcheck",
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), server_default=":=", nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("groupname", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("origin", sa.Text(), server_default="operator", nullable=False),
        sa.CheckConstraint("origin in ('provisioned', 'operator')", name=op.f("ck_radgroupcheck_origin_known")),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_radgroupcheck_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_radgroupcheck")),
    )
    op.create_index(op.f("ix_radgroupcheck_isp_id_groupname"), "radgroupcheck", ["isp_id", "groupname"], unique=False)
    op.create_table(
        "radgroupreply",
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), server_default="=", nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("groupname", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("origin", sa.Text(), server_default="operator", nullable=False),
        sa.CheckConstraint("origin in ('provisioned', 'operator')", name=op.f("ck_radgroupreply_origin_known")),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_radgroupreply_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_radgroupreply")),
    )
    op.create_index(op.f("ix_radgroupreply_isp_id_groupname"), "radgroupreply", ["isp_id", "groupname"], unique=False)
    op.create_table(
        "service_plans",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("price", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("bandwidth_limit", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column("upload_limit", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column("data_limit_bytes", sa.BigInteger(), nullable=True),
        sa.Column("session_timeout", sa.BigInteger(), nullable=True),
        sa.Column("idle_timeout", sa.BigInteger(), nullable=True),
        sa.Column("validity_days", sa.BigInteger(), nullable=True),
        sa.Column("validity_months", sa.BigInteger(), nullable=True),
        sa.Column("simultaneous_use", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("on_too_many", sa.Text(), server_default="refuse", nullable=False),
        sa.Column("over_limit", sa.Text(), server_default="block", nullable=False),
        sa.Column("throttle_bandwidth", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column("address_pool", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "on_too_many in ('refuse', 'replace_oldest')", name=op.f("ck_service_plans_on_too_many_known")
        ),
        sa.CheckConstraint(
            "over_limit <> 'throttle' or throttle_bandwidth is not null",
            name=op.f("ck_service_plans_throttle_has_bandwidth"),
        ),
        sa.CheckConstraint("over_limit in ('block', 'throttle')", name=op.f("ck_service_plans_over_limit_known")),
        sa.CheckConstraint(
            "(validity_days is null) <> (validity_months is null)", name=op.f("ck_service_plans_one_validity")
        ),
        sa.CheckConstraint(
            "bandwidth_limit > 0 and bandwidth_limit <= 1000000",
            name=op.f("ck_service_plans_bandwidth_limit_range"),
        ),
        sa.CheckConstraint("data_limit_bytes >= 0", name=op.f("ck_service_plans_data_limit_not_negative")),
        sa.CheckConstraint("idle_timeout between 1 and 357912", name=op.f("ck_service_plans_idle_timeout_range")),
        sa.CheckConstraint("length(name) between 1 and 200", name=op.f("ck_service_plans_name_length")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_service_plans_price_not_negative")),
        sa.CheckConstraint("session_timeout between 1 and 357912", name=op.f("ck_service_plans_session_timeout_range")),
        sa.CheckConstraint("simultaneous_use between 1 and 1000", name=op.f("ck_service_plans_simultaneous_use_range")),
        sa.CheckConstraint(
            "throttle_bandwidth > 0 and throttle_bandwidth <= 1000000",
            name=op.f("ck_service_plans_throttle_bandwidth_range"),
        ),
        sa.CheckConstraint(
            "upload_limit > 0 and upload_limit <= 1000000", name=op.f("ck_service_plans_upload_limit_range")
        ),
        sa.CheckConstraint("validity_days between 1 and 3650", name=op.f("ck_service_plans_validity_days_range")),
        sa.CheckConstraint("validity_months between 1 and 120", name=op.f("ck_service_plans_validity_months_range")),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_service_plans_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_service_plans")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("isp_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("token_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(role = 'superadmin') = (isp_id is null)", name=op.f("ck_users_superadmin_has_no_tenant")),
        sa.CheckConstraint("role in ('superadmin', 'admin', 'staff', 'viewer')", name=op.f("ck_users_role_known")),
        sa.CheckConstraint("length(username) between 1 and 200", name=op.f("ck_users_username_length")),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_users_isp_id_isps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("ix_users_isp_id", "users", ["isp_id"], unique=False)
    op.create_index("uq_users_username", "users", [sa.literal_column("lower(username)")], unique=True)
    op.create_table(
        "customers",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("service_plan_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("static_ip", postgresql.INET(), nullable=True),
        sa.Column("mac_address", sa.Text(), nullable=True),
        sa.Column("credential_storage", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "credential_storage in ('encrypted', 'nt_password', 'ssha512')",
            name=op.f("ck_customers_credential_storage_known"),
        ),
        sa.CheckConstraint("status in ('active', 'suspended', 'expired')", name=op.f("ck_customers_status_known")),
        sa.CheckConstraint("octet_length(username) between 1 and 253", name=op.f("ck_customers_username_length")),
        sa.ForeignKeyConstraint(
            ["isp_id", "service_plan_id"],
            ["service_plans.isp_id", "service_plans.id"],
            name=op.f("fk_customers_isp_id_service_plan_id_service_plans"),
        ),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_customers_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_customers")),
        sa.UniqueConstraint("isp_id", "static_ip", name=op.f("uq_customers_isp_id_static_ip")),
    )
    op.create_index("ix_customers_isp_id_service_plan_id", "customers", ["isp_id", "service_plan_id"], unique=False)
    op.create_index(
        "uq_customers_isp_id_username",
        "customers",
        ["isp_id", sa.literal_column("lower(username)")],
        unique=True,
    )
    op.create_table(
        "device_contacts",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["isp_id", "device_id"],
            ["mikrotik_devices.isp_id", "mikrotik_devices.id"],
            name=op.f("fk_device_contacts_isp_id_device_id_mikrotik_devices"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_device_contacts_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "device_id", name=op.f("pk_device_contacts")),
    )
    op.create_table(
        "radcheck",
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), server_default=":=", nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("origin", sa.Text(), server_default="operator", nullable=False),
        sa.CheckConstraint("origin in ('provisioned', 'operator')", name=op.f("ck_radcheck_origin_known")),
        sa.ForeignKeyConstraint(
            ["isp_id", "customer_id"],
            ["customers.isp_id", "customers.id"],
            name=op.f("fk_radcheck_isp_id_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_radcheck_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_radcheck")),
    )
    op.create_index(op.f("ix_radcheck_isp_id_customer_id"), "radcheck", ["isp_id", "customer_id"], unique=False)
    op.create_index(op.f("ix_radcheck_isp_id_username"), "radcheck", ["isp_id", "username"], unique=False)
    op.create_table(
        "radreply",
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), server_default="=", nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("origin", sa.Text(), server_default="operator", nullable=False),
        sa.CheckConstraint("origin in ('provisioned', 'operator')", name=op.f("ck_radreply_origin_known")),
        sa.ForeignKeyConstraint(
            ["isp_id", "customer_id"],
            ["customers.isp_id", "customers.id"],
            name=op.f("fk_radreply_isp_id_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_radreply_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_radreply")),
    )
    op.create_index(op.f("ix_radreply_isp_id_customer_id"), "radreply", ["isp_id", "customer_id"], unique=False)
    op.create_index(op.f("ix_radreply_isp_id_username"), "radreply", ["isp_id", "username"], unique=False)
    op.create_table(
        "radusergroup",
        sa.Column("groupname", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("origin", sa.Text(), server_default="operator", nullable=False),
        sa.CheckConstraint("origin in ('provisioned', 'operator')", name=op.f("ck_radusergroup_origin_known")),
        sa.ForeignKeyConstraint(
            ["isp_id", "customer_id"],
            ["customers.isp_id", "customers.id"],
            name=op.f("fk_radusergroup_isp_id_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_radusergroup_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_radusergroup")),
    )
    op.create_index(op.f("ix_radusergroup_isp_id_customer_id"), "radusergroup", ["isp_id", "customer_id"], unique=False)
    op.create_index(op.f("ix_radusergroup_isp_id_username"), "radusergroup", ["isp_id", "username"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("service_plan_id", sa.BigInteger(), nullable=True),
        sa.Column("price", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("period_start < period_end", name=op.f("ck_subscriptions_period_not_empty")),
        sa.ForeignKeyConstraint(
            ["isp_id", "customer_id"],
            ["customers.isp_id", "customers.id"],
            name=op.f("fk_subscriptions_isp_id_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["isp_id", "service_plan_id"],
            ["service_plans.isp_id", "service_plans.id"],
            name=op.f("fk_subscriptions_isp_id_service_plan_id_service_plans"),
        ),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_subscriptions_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint(
            "isp_id",
            "customer_id",
            "period_start",
            name=op.f("uq_subscriptions_isp_id_customer_id_period_start"),
        ),
    )
    op.create_index(
        "ix_subscriptions_isp_id_service_plan_id",
        "subscriptions",
        ["isp_id", "service_plan_id"],
        unique=False,
    )
    op.create_table(
        "topups",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("data_bytes > 0", name=op.f("ck_topups_data_positive")),
        sa.ForeignKeyConstraint(
            ["isp_id", "customer_id"],
            ["customers.isp_id", "customers.id"],
            name=op.f("fk_topups_isp_id_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_topups_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_topups")),
    )
    op.create_index(
        "ix_topups_isp_id_customer_id_period_start",
        "topups",
        ["isp_id", "customer_id", "period_start"],
        unique=False,
    )


def downgrade() -> None:
    raise NotImplementedError("an empty database is the way back")
