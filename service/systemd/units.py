"""The text of each unit: one for each part of service.parts, the schema's, the doctor with its timer, and a target.

Every part is wanted by the target and by nothing else: none waits for another, because logins and accounting are
served without the database too.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from service import parts
from service.host.account import Role
from service.host.settings import Settings
from service.parts import Part
from service.systemd import sandbox

#: In every file, so that a command knows whose it is; systemd ignores sections of this kind.
MARK = "[X-Infora]\nStateDir={}\n"
_WHAT = {
    "postgres": "database",
    "auth": "logins (FreeRADIUS)",
    "acct": "accounting (FreeRADIUS)",
    "writer": "books",
    "worker": "requests to routers",
    "api": "HTTP API",
}
#: Seconds from a part's death to its next start.
_PAUSE = 0.5


def environment_directory(settings: Settings) -> Path:
    """Each unit's own copy of the settings and secrets that it needs."""
    return settings.state_dir / "systemd"


def environment_file(settings: Settings, name: str) -> Path:
    return environment_directory(settings) / f"{name}.env"


def of_part(settings: Settings, name: str) -> str:
    """Name of a part's unit."""
    return f"{settings.unit_prefix}-{name}.service"


def target(settings: Settings) -> str:
    return f"{settings.unit_prefix}.target"


def texts(settings: Settings) -> dict[str, str]:
    """File name → text of all units of the installation."""
    present = parts.present(settings)
    written = {of_part(settings, part.name): _part(settings, part) for part in present}
    written[of_part(settings, "schema")] = _schema(settings)
    written[of_part(settings, "doctor")] = _doctor(settings)
    timer = f"{settings.unit_prefix}-doctor.timer"
    written[timer] = _timer(settings)
    written[target(settings)] = _target(settings, [*written])
    return {name: text + "\n" + MARK.format(settings.state_dir) for name, text in written.items()}


def _part(settings: Settings, part: Part) -> str:
    return _text(
        _unit(settings, _WHAT[part.name], database_first=part.name != "postgres"),
        [
            "[Service]",
            "Type=exec",
            *_runs(settings, part.name, part.runs_as, f"launch {part.name}"),
            "Restart=always",
            f"RestartSec={_PAUSE}",
            f"KillSignal=SIG{part.stop_signal}",
            "KillMode=mixed",
            f"TimeoutStopSec={part.grace_seconds}",
            f"Nice={part.niceness}",
            *sandbox.of_part(part, settings),
        ],
    )


def _schema(settings: Settings) -> str:
    """Runs once a boot: an upgrade of the code brings the tables along. The database's account owns them anyway.

    After the target, not before it as what it wants would be: a boot without the database is complete all the same.
    """
    reached: sandbox.Network = "socket files" if settings.database_url is None else "routers and callers"
    return _text(
        [*_unit(settings, "schema of the database", database_first=True), f"After={target(settings)}"],
        [
            "[Service]",
            "Type=oneshot",
            "RemainAfterExit=yes",
            *_runs(settings, "schema", "database", "migrate"),
            "Restart=on-failure",
            "RestartSec=5",
            *sandbox.of_command(),
            *sandbox.network(reached),
            "ProtectProc=invisible",
        ],
    )


def _doctor(settings: Settings) -> str:
    """As root, because the owner's rights at the database and the secrets are root's; without any of root's powers."""
    groups = " ".join(account.name for account in settings.accounts.each())
    return _text(
        _unit(settings, "doctor", database_first=True, in_target=False),
        [
            "[Service]",
            "Type=oneshot",
            "User=root",
            f"SupplementaryGroups={groups}",
            f"WorkingDirectory={settings.home}",
            f"EnvironmentFile={environment_file(settings, 'doctor')}",
            f"ExecStart={settings.venv}/bin/flask --app admin_api doctor",
            "TimeoutStartSec=300",
            *sandbox.of_command(),
            *sandbox.network("routers and callers"),
            "ProtectProc=invisible",
        ],
    )


def _timer(settings: Settings) -> str:
    return _text(
        ["[Unit]", "Description=Infora WiFi Billing: hourly look at itself", f"PartOf={target(settings)}"],
        ["[Timer]", "OnActiveSec=10min", "OnUnitActiveSec=1h", "RandomizedDelaySec=5min"],
    )


def _target(settings: Settings, units: Sequence[str]) -> str:
    wanted = [name for name in units if name != of_part(settings, "doctor")]
    return _text(
        ["[Unit]", "Description=Infora WiFi Billing", f"Documentation=file:{settings.home}/docs/install.md",
         *(f"Wants={name}" for name in wanted)],
        ["[Install]", "WantedBy=multi-user.target"],
    )  # fmt: skip


def _unit(settings: Settings, what: str, *, database_first: bool, in_target: bool = True) -> list[str]:
    """`After` is an order, not a need: whoever starts at once is started after, and stopped before the database."""
    private = database_first and settings.database_url is None
    after = f"After=network.target {of_part(settings, 'postgres')}" if private else "After=network.target"
    return [
        "[Unit]",
        f"Description=Infora WiFi Billing: {what}",
        f"Documentation=file:{settings.home}/docs/install.md",
        *([f"PartOf={target(settings)}"] if in_target else []),
        after,
        "StartLimitIntervalSec=0",
    ]


def _runs(settings: Settings, name: str, role: Role, command: str) -> Iterator[str]:
    yield f"User={settings.accounts.of(role).name}"
    yield f"WorkingDirectory={settings.home}"
    yield f"EnvironmentFile={environment_file(settings, name)}"
    yield f"ExecStart={_program(settings)} {command}"
    yield "StandardOutput=journal"
    yield f"SyslogIdentifier={settings.unit_prefix}-{name}"


def _program(settings: Settings) -> str:
    return f"{settings.venv}/bin/python -m service"


def _text(*sections: Sequence[str]) -> str:
    return "\n".join("\n".join(section) + "\n" for section in sections)
