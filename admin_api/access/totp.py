"""One's own second factor: set up, confirmed with its first code, removed. Each asks for the password again."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed
from admin_api.access.bodies import (
    LoginOut,
    RecoveryCodes,
    TotpConfirmation,
    TotpEnabled,
    TotpIn,
    TotpOut,
    TotpProof,
    TotpSecret,
)
from admin_api.access.proof import own_account, own_token, refuse_code, token_for, work_as_oneself
from admin_api.web.database import now, session
from admin_api.web.errors import refuse
from admin_api.web.parts import parts
from admin_api.web.route import answers, documents, takes
from models import OperatorTotp, User
from models.secrets.totp import enrolment_uri
from models.tenants import second_factor
from models.tenants.second_factor import Verified

totp = APIBlueprint("totp", __name__, url_prefix="/api/auth/totp", tag="Login")


@totp.get("")
@allowed("viewer", tenant=False)
@answers(TotpOut)
def state() -> dict[str, Any]:
    """Have I a second factor"""
    user_id = own_token().user_id
    work_as_oneself()
    factor = session().get(OperatorTotp, user_id)
    if factor is None or factor.confirmed_at is None:
        return {"enabled": False, "since": None, "recovery_codes_left": 0}
    return {"enabled": True, "since": factor.confirmed_at, "recovery_codes_left": len(factor.recovery_codes)}


@totp.post("")
@documents(responses=[409, 429])
@allowed("viewer", tenant=False)
@takes(TotpIn)
@answers(TotpSecret, message="Now confirm it with the code that the authenticator shows.")
def begin(body: TotpIn) -> dict[str, Any]:
    """Set up a second factor (TOTP, RFC 6238); nothing is asked for until it is confirmed"""
    user = own_account(body.current_password)
    secret = second_factor.set_up(session(), parts().keyring, user)
    return {"secret": secret, "uri": enrolment_uri(secret, user.username)}


@totp.post("/confirm")
@documents(responses=[409, 429])
@allowed("viewer", tenant=False)
@takes(TotpConfirmation)
@answers(TotpEnabled, message="From now on a login needs a code. Earlier tokens have ended.")
def confirm(body: TotpConfirmation) -> dict[str, Any]:
    """Confirm it with its first code; the answer carries a new token and the recovery codes"""
    user_id = own_token().user_id
    work_as_oneself()
    user = session().get_one(User, user_id, with_for_update={"key_share": True})
    codes = second_factor.confirm(session(), parts().keyring, user, body.otp, now())
    if isinstance(codes, Verified):
        refuse_code(codes)
    session().flush()
    return token_for(user) | {"recovery_codes": codes}


@totp.post("/recovery-codes")
@documents(responses=[409, 429])
@allowed("viewer", tenant=False)
@takes(TotpProof)
@answers(RecoveryCodes, message="Earlier recovery codes are void.")
def renew_codes(body: TotpProof) -> dict[str, Any]:
    """New recovery codes"""
    user = _both_factors(body)
    return {"recovery_codes": second_factor.renew_recovery_codes(session(), user)}


@totp.post("/disable")
@documents(responses=[409, 429])
@allowed("viewer", tenant=False)
@takes(TotpProof)
@answers(LoginOut, message="A login needs no code any more. Earlier tokens have ended.")
def disable(body: TotpProof) -> dict[str, Any]:
    """Remove the second factor; the answer carries a new token"""
    user = _both_factors(body)
    second_factor.remove(session(), user, "totp_disable")
    return token_for(user)


def _both_factors(body: TotpProof) -> User:
    user = own_account(body.current_password)
    if not second_factor.is_enabled(session(), user.id):
        refuse(409, "no_totp", "There is no second factor.")
    result = second_factor.verify(session(), parts().keyring, user.id, body.otp, now())
    if not result.factor:
        refuse_code(result)
    return user
