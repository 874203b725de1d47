"""Who asks: the device, the tenant, the customer and the password."""

from __future__ import annotations

from radius_module.rules.facts import Facts, Shown

#: Wrong passwords for a customer in an hour. Beyond, devices that are not known are judged only now and then.
MOST_WRONG = 60


def unknown_device(facts: Facts) -> bool:
    """The device is not (or no longer) registered, or is switched off."""
    return facts.device is None or not facts.device.active or facts.isp is None


def isp_suspended(facts: Facts) -> bool:
    """The tenant is suspended, and with it everybody on its devices."""
    return facts.isp is not None and not facts.isp.active


def unsupported(facts: Facts) -> bool:
    """The login comes by a protocol that is not spoken here: EAP."""
    return facts.eap


def unknown_customer(facts: Facts) -> bool:
    """The device's tenant has no such customer, or one without a password."""
    return facts.customer is None or facts.customer.credential is None


def too_many_guesses(facts: Facts) -> bool:
    """The password is not looked at now, unless it is right and comes from a device of the customer's."""
    wrong, from_known_device, is_due = facts.guesses
    return wrong >= MOST_WRONG and not is_due and not (from_known_device and facts.authentic)


def bad_password(facts: Facts) -> bool:
    """The password is not the customer's."""
    return not facts.authentic


def show_device(facts: Facts) -> Shown:
    device = facts.device
    return {"device_id": device.id if device else None, "active": device.active if device else None}


def show_isp(facts: Facts) -> Shown:
    return {"active": facts.isp.active if facts.isp else None}


def show_protocol(facts: Facts) -> Shown:
    return {"eap": facts.eap}


def show_customer(facts: Facts) -> Shown:
    return {"known": facts.customer is not None,
            "has_password": facts.customer is not None and facts.customer.credential is not None}  # fmt: skip


def show_guesses(facts: Facts) -> Shown:
    wrong, from_known_device, _is_due = facts.guesses
    return {"wrong_in_the_last_hour": wrong, "from_known_device": from_known_device if wrong else None}


def show_password(facts: Facts) -> Shown:
    return {"assumed_right": facts.authentic}
