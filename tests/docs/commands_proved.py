"""Each command that the documentation prints: the test that runs it, or why none can.

`tests/…` is a test file; everything else is a reason. A page alone stands for all of its commands.
"""

from __future__ import annotations

_RESTART = "tests/service/test_background.py"
_BACKUP = "tests/service/test_backup.py"
_BY_OTHER_NAMES = "the steps of docs/api.md and docs/first-month.md, which are run, with other names"
_ROUTER = "tests/network/test_router_api.py"
#: (page, how the command begins) → its proof.
PROVED: dict[tuple[str, str], str] = {
    ("docs/first-month.md", ""): "tests/docs/test_first_month.py",
    ("docs/api.md", "API="): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "field()"): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "TOKEN="): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "CREATED="): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "ISP="): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "KEY="): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "PLAN="): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "curl -s $API/api/devices"): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "curl -s $API/api/billing/customers -H"): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "curl -s $API/api/radius-api/auth"): "tests/admin_api/test_first_steps.py",
    ("docs/api.md", "curl -s $API/api/billing/customers/bulk"): "tests/docs/test_first_month.py",
    ("docs/api.md", 'curl -s "$API/api/billing/customers/import'): "tests/docs/test_first_month.py",
    ("docs/api.md", 'curl -s "$API/api/billing/customers?format=csv'): "tests/docs/test_first_month.py",
    ("docs/api.md", "curl -s -X POST http://127.0.0.1:5000/api/billing/customers/1/disconnect"):
        "tests/network/test_events.py",
    ("docs/api.md", "flask --app admin_api initdb"): "tests/admin_api/operation/test_command_line.py",
    ("docs/api.md", "flask --app admin_api doctor"): "tests/service/test_command_line.py",
    ("docs/api.md", "flask --app admin_api create-admin"): "tests/admin_api/operation/test_command_line.py",
    ("docs/api.md", "flask --app admin_api reset-totp"): "tests/admin_api/access/test_totp.py",
    ("docs/api.md", "flask --app admin_api create-isp"): "tests/admin_api/operation/test_command_line.py",
    ("docs/api.md", "flask --app admin_api rotate-keys"): "tests/admin_api/operation/test_command_line.py",
    ("docs/api.md", "flask --app admin_api remove-demo"): "tests/admin_api/operation/test_remove_demo.py",
    ("README.md", "make run"): "tests/service/test_foreground.py",
    ("README.md", "API="): _BY_OTHER_NAMES,
    ("README.md", "of()"): _BY_OTHER_NAMES,
    ("README.md", "AUTH="): _BY_OTHER_NAMES,
    ("README.md", "ISP="): _BY_OTHER_NAMES,
    ("README.md", "DEVICE="): _BY_OTHER_NAMES,
    ("README.md", "PLAN="): _BY_OTHER_NAMES,
    ("README.md", "curl -s $API/api/billing/customers"): _BY_OTHER_NAMES,
    ("README.md", 'curl -s "$API/api/devices/$DEVICE/script'): _BY_OTHER_NAMES,
    ("README.md", "make test"): "it is what runs the tests",
    ("README.md", "RADIUS_LISTEN=0.0.0.0 make start"): "tests listen on loopback alone",
    ("docs/router-setup.md", "RADIUS_LISTEN=0.0.0.0 make start"): "tests listen on loopback alone",
    ("docs/install.md", "STATE_DIR=/srv/second"): _RESTART,
    ("docs/install.md", "git clone"): "fetches from wherever the reader has it",
    ("docs/install.md", "DEMO=0 RADIUS_LISTEN=0.0.0.0 make install"): "tests/service/test_units.py",
    ("docs/containers.md", "docker-compose"): "`make fresh` does what the file says: no Docker engine is at hand",
    ("docs/backup-restore.md", "make backup"): _BACKUP,
    ("docs/backup-restore.md", "grep BACKUP_KEY"): "shows a secret for the reader to keep elsewhere",
    ("docs/backup-restore.md", "make restore"): _BACKUP,
    ("docs/backup-restore.md", "make start"): _RESTART,
    ("docs/router-setup.md", "curl -s http://127.0.0.1:5000/api/devices"): "tests/admin_api/devices/test_script.py",
    ("docs/router-setup.md", "curl -s -X PATCH http://127.0.0.1:5000/api/devices/7"): _ROUTER,
    ("docs/router-setup.md", 'curl -s "http://127.0.0.1:5000/api/devices/7/script'): "tests/docs/test_first_month.py",
    ("docs/router-setup.md", 'curl -s "http://127.0.0.1:5000/api/devices/7/hotspot.zip'):
        "tests/admin_api/devices/test_hotspot_pages.py",
    ("docs/router-setup.md", "curl -s -X POST http://127.0.0.1:5000/api/devices/7/test"): _ROUTER,
    ("docs/router-setup.md", "curl -s -X POST http://127.0.0.1:5000/api/devices/7/configure"): _ROUTER,
    ("docs/router-setup.md", "radtest NAME"): "tests/service/test_command_line.py",
    ("docs/router-setup.md", 'curl -s "http://127.0.0.1:5000/api/billing/customers/<id>/explain"'):
        "tests/docs/test_first_month.py",
    ("docs/router-setup.md", 'curl -s "http://127.0.0.1:5000/api/devices/7/sessions"'): _ROUTER,
    ("docs/router-setup.md", "tail -f"): "goes on until somebody ends it",
    ("docs/upgrade.md", "git "): "fetches from wherever the clone came from",
    ("docs/upgrade.md", "make upgrade"): "tests/fault/test_upgrade.py",
    ("docs/upgrade.md", "make backup"): _BACKUP,
    ("docs/upgrade.md", "make restore"): _BACKUP,
    ("docs/upgrade.md", "make stop"): _RESTART,
    ("docs/upgrade.md", "make start"): _RESTART,
    ("docs/upgrade.md", "apt install"): "changes the machine that the tests run on",
    ("docs/going-live.md", "RADIUS_LISTEN=0.0.0.0"): "tests listen on loopback alone",
    ("docs/going-live.md", "apt install"): "changes the machine that the tests run on",
    ("docs/going-live.md", "cp docs/live"): "puts files into /etc; tests/live/ tries them where they lie",
    ("docs/going-live.md", "ln -s"): "puts files into /etc; tests/live/ tries them where they lie",
    ("docs/going-live.md", "certbot"): "needs a name of the reader's in the public DNS",
    ("docs/going-live.md", "nginx -t"): "tests/live/test_tls.py",
    ("docs/going-live.md", "nft -c"): "changes the firewall of the machine that the tests run on",
    ("docs/going-live.md", "cd docs/live"): "tests/live/test_alarms.py",
}  # fmt: skip
