"""What the owner of the schema does: schema, first administrator, further tenants."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from admin_api.settings import keyring
from models import HistoryClock, Isp, User, schema
from models.audit_trail import Actor, act_as, note
from models.db import make_engine, normalise_url
from models.secrets.generated import make_secret
from models.secrets.password_hashes import check_operator_password
from models.tenants import isps, second_factor
from models.tenants.operators import create_user


class NotPossible(Exception):
    """One sentence that says what to do."""


def owner_url(env: Mapping[str, str]) -> str:
    """DATABASE_URL, or a sentence."""
    url = env.get("DATABASE_URL")
    if not url:
        raise NotPossible("DATABASE_URL is not set: give the URL of the schema's owner, or use `make run`.")
    return url


def owner_engine(env: Mapping[str, str]) -> Engine:
    """For commands: the owner sees every row."""
    try:
        return make_engine(owner_url(env), "infora command line", hide_parameters=True)
    except ValueError as wrong:
        raise NotPossible(f"{wrong}.") from None


def prepare(env: Mapping[str, str]) -> list[str]:
    """Upgrade the schema, create the first administrator; returns what was done."""
    if env.get("API_DATABASE_URL") and not env.get("DATABASE_URL"):
        return _prepare_as_api(env)
    engine = owner_engine(env)
    try:
        with engine.connect() as connection:
            known = set(connection.scalars(text("select rolname from pg_roles")))
            owner = str(connection.scalar(text("select current_user")))
        roles = [_role(env, part, known, owner) for part in ("ENGINE", "API")]
        schema.upgrade(owner_url(env), engine_role=roles[0], api_role=roles[1])
        with Session(engine) as session, session.begin():
            return ["The schema is up to date.", *_first_administrator(session, env)]
    except schema.SchemaTooNew as too_new:
        raise NotPossible(f"{too_new}.") from None
    except DBAPIError as error:
        raise NotPossible(f"The database refuses: {first_line(error)}") from None
    finally:
        engine.dispose()


def _prepare_as_api(env: Mapping[str, str]) -> list[str]:
    """Where the owner's password is not at hand, as in the API's container: the tables are there, made by `migrate`."""
    engine = make_engine(env["API_DATABASE_URL"], "infora command line", hide_parameters=True)
    try:
        revision = schema.revision_found(engine)
        if revision != schema.revision_wanted():
            where = f"The schema is at {revision or 'nothing'}, not at {schema.revision_wanted()}"
            raise NotPossible(
                f"{where}: `docker-compose up -d` brings it there, or this with the owner's DATABASE_URL."
            )
        with Session(engine) as session, session.begin():
            # The first administrator belongs to no tenant: seen and made in the scope of all of them.
            session.execute(text("select set_config('infora.scope', 'all', true)"))
            return ["The schema is up to date.", *_first_administrator(session, env)]
    except DBAPIError as error:
        raise NotPossible(f"The database refuses: {first_line(error)}") from None
    finally:
        engine.dispose()


def create_admin(env: Mapping[str, str], username: str, password: str | None) -> dict[str, Any]:
    """A further superadmin."""
    chosen = password or make_secret()
    if not 1 <= len(username) <= 200 or not username.isprintable():
        raise NotPossible("A user name has 1 to 200 printable characters.")
    try:
        check_operator_password(chosen)
    except ValueError as wrong:
        raise NotPossible(f"A password {wrong}.") from None
    with _as_owner(env) as session:
        user = create_user(session, None, username=username, password=chosen, role="superadmin")
        session.flush()
        return {"id": user.id, "username": username} | ({} if password else {"password": chosen})


def reset_totp(env: Mapping[str, str], username: str) -> str:
    """For an operator who has lost the second factor, and everybody who could reset it over the API."""
    with _as_owner(env) as session:
        user = session.scalar(select(User).where(func.lower(User.username) == username.lower()))
        if user is None:
            raise NotPossible(f"There is no operator {username!r}.")
        had = second_factor.remove(session, user, "totp_reset")
    return f"{username} has no second factor {'now' if had else 'anyway'}."


def create_isp(env: Mapping[str, str], name: str, timezone: str) -> dict[str, Any]:
    """A tenant with its two secrets."""
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise NotPossible("A name has 1 to 200 printable characters.")
    if timezone not in zoneinfo.available_timezones():
        raise NotPossible(f"There is no time zone {timezone!r}: give one such as Africa/Nairobi.")
    with _as_owner(env) as session:
        isp, api_key, secret = isps.create_isp(session, keyring(env), name=name, timezone=timezone)
        return {"id": isp.id, "name": name, "api_key": api_key, "radius_secret": secret}


def confirm_clock(env: Mapping[str, str]) -> str:
    """An operator vouches for the database's clock; the writer sees it within the hour."""
    with _as_owner(env) as session:
        confirm = update(HistoryClock).values(verified_at=func.now(), confirmed_at=func.now(), alarm=None)
        now = session.scalar(confirm.returning(HistoryClock.confirmed_at))
    return f"Confirmed: it is {now:%Y-%m-%d %H:%M:%S} UTC. Old history is removed again from an hour from now on."


def remove_demo(env: Mapping[str, str]) -> str:
    """The demo tenant goes with every row; the database judges which one that is (migration 0031)."""
    with _as_owner(env) as session:
        gone = {row.name: row.gone for row in session.execute(text("select name, gone from infora_remove_demo()"))}
        if gone:
            note(session, "remove-demo", Isp.__tablename__, None, None, after={"rows": gone})
    _forget_demo(Path(env.get("STATE_DIR") or "var"))
    if not gone:
        return "There is no demo tenant. One that was renamed is a tenant like any other, and stays."
    rows = sum(gone.values())
    return f"The demo tenant is removed: {rows} rows in {len(gone)} tables. `DEMO=1 make start` would make it anew."


def _forget_demo(state_dir: Path) -> None:
    """The file that describes it goes, and the next start makes no new one (service.host.settings)."""
    if not state_dir.is_dir():
        return
    try:
        (state_dir / "demo.json").unlink(missing_ok=True)
        (state_dir / "demo-removed").touch()
    except OSError as error:
        raise NotPossible(f"The rows are removed, but {error.filename} cannot be written: start with DEMO=0.") from None


@contextmanager
def _as_owner(env: Mapping[str, str]) -> Iterator[Session]:
    """A transaction that sees every row; what the database refuses is a sentence."""
    engine = owner_engine(env)
    try:
        with Session(engine) as session, session.begin():
            act_as(session, Actor("command line"))
            yield session
    except IntegrityError:
        raise NotPossible("This name is taken.") from None
    except DBAPIError as error:
        raise NotPossible(f"The database refuses: {first_line(error)}") from None
    finally:
        engine.dispose()


def first_line(error: DBAPIError) -> str:
    """The first line of the database's complaint."""
    return str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__


def _role(env: Mapping[str, str], part: str, known: set[str], owner: str) -> str:
    """The role named in the part's URL; without one, the installation's usual name, or else the owner."""
    url = env.get(f"{part}_DATABASE_URL")
    if url:
        return unquote(normalise_url(url).username or "")
    usual = f"{normalise_url(owner_url(env)).database}_{part.lower()}"
    return usual if usual in known else owner


def _first_administrator(session: Session, env: Mapping[str, str]) -> list[str]:
    if session.scalar(select(User.id).where(User.role == "superadmin").limit(1)) is not None:
        return []
    name, given = env.get("ADMIN_USERNAME") or "admin", env.get("ADMIN_PASSWORD")
    password = given or make_secret()
    act_as(session, Actor("initdb"))
    create_user(session, None, username=name, password=password, role="superadmin")
    origin = "with the password of ADMIN_PASSWORD" if given else f"with the password {password} (shown this once)"
    return [f"Created the administrator {name} {origin}."]
