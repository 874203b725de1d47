"""What a violated constraint means to the one who sent the request; its name says which (models.tables.base.NAMING)."""

from __future__ import annotations

#: name → (status, code, message, field)
KNOWN: dict[str, tuple[int, str, str, str | None]] = {
    "uq_customers_isp_id_username": (409, "username_taken", "Another customer has this user name.", "username"),
    "uq_customers_isp_id_static_ip": (409, "static_ip_taken", "Another customer has this address.", "static_ip"),
    "uq_users_username": (409, "username_taken", "This user name is taken.", "username"),
    "uq_isps_api_key_hash": (409, "api_key_taken", "This API key cannot be used.", "api_key"),
    "no_instant_charged_twice": (409, "charged_already", "A part of this time has been charged already.", None),
    "uq_charges_isp_id_reverses": (409, "already_reversed", "This charge has been taken back already.", None),
    "uq_transfers_isp_id_reverses": (409, "already_reversed", "This has been taken back already.", None),
    "ck_ledger_accounts_credit_not_below_floor": (409, "not_enough_credit", "The account's floor is reached.", None),
    "one_device_per_address": (409, "address_taken", "This address is registered already.", "ip_address"),
    "ck_service_plans_throttle_has_bandwidth": (
        422,
        "invalid",
        "is needed where over_limit is throttle",
        "throttle_bandwidth",
    ),
}


def answer(name: str) -> tuple[int, str, str, str | None]:
    """Of the constraint with that name."""
    if name in KNOWN:
        return KNOWN[name]
    if name.startswith("uq_"):
        return 409, "conflict", "There is such a row already.", None
    if name.startswith("fk_"):
        return 409, "in_use", "Something else refers to it, or what it refers to is gone.", None
    if name.startswith("ck_"):
        return 422, "invalid", "The values do not fit together.", None
    return 500, "internal_error", "", None
