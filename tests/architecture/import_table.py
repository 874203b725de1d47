"""Who may import whom, line by line, with the reason beside each."""

from __future__ import annotations

from tests.architecture.rule_kinds import Doors, Floor, Floors, Importers, Never, Only, Rule, Siblings, Wings

#: FreeRADIUS sections, each in the file of its name.
HOOKS = ("authorize", "post_auth", "accounting", "clients")
HOOK_MODULES = tuple(f"radius_module.{hook}" for hook in HOOKS)


def _radius(*wings: str) -> tuple[str, ...]:
    return tuple(f"radius_module.{wing}" for wing in wings)


RULES: tuple[Rule, ...] = (
    # From package to package.
    Only("models", (), "the books outlive every program that writes them"),
    Only("radius_module", ("models",), "the packet path stands without the API and without the supervisor"),
    Only("admin_api", ("models", "radius_module"), "the API starts and stops nothing"),
    Only("service", ("models",), "parts are started as processes, never called"),
    # The packet path, upwards.
    Floors("radius_module", (
        Floor(("fast_tuple", "replace_file", "rlm", "settings", "steady_clock"), "they know nothing of RADIUS billing"),
        Floor(("rules", "packets", "spool", "ipc"), "a concern each: verdict, packet, durable record, message"),
        Floor(("status", "online", "replies"), "what is made of the concerns below"),
        Floor(("directory",), "holds who is online beside what the database says"),
        Floor(("guesses",), "wrong passwords are those of customers that the directory knows"),
        Floor(("login", "acct", "writer", "enforce"), "one wing for each thing that happens"),
        Floor(("auth",), "the process around logins"),
        Floor(("lifecycle",), "starts the servers inside FreeRADIUS"),
        Floor(HOOKS, "what FreeRADIUS calls"),
    )),
    Only("radius_module.rules", _radius("fast_tuple"), "a verdict is a function of facts and `now`", foreign=False),
    Only("radius_module.writer", (*_radius("spool", "ipc", "settings", "status", "steady_clock"), "models"),
         "it books what the spool holds, and reports about itself"),
    Only("radius_module.enforce", (*_radius("rules", "replies", "settings", "ipc"), "models"),
         "it sends what the database asks for, and does with routers what the API asks for"),
    Never(_radius("auth"), _radius("acct"), "two processes: one may die without the other"),
    Never(_radius("acct"), _radius("auth", "login", "guesses"), "two processes: one may die without the other"),
    Never(_radius("login"), _radius("auth"), "a login is decided without knowing who serves it"),
    Never(_radius("writer", "enforce"), _radius("login", "guesses", "auth", "acct", "directory"),
          "processes of their own, which hold no directory"),
    Never(("models", "radius_module", "admin_api", "service"), HOOK_MODULES, "hooks are called by FreeRADIUS alone"),
    # The books, upwards.
    Floors("models", (
        Floor(("deadline",), "a connection knows nothing of what it is for"),
        Floor(("secrets", "refusals", "names", "timetable", "db"), "they know no table"),
        Floor(("tables", "schema"), "what the database holds"),
        Floor(("audit_trail", "accounting"), "written beside every change; the books of octets and sessions"),
        Floor(("network",), "what a change asks of devices"),
        Floor(("radius", "tenants"), "FreeRADIUS' rows; who the providers are"),
        Floor(("subscriptions",), "periods and allowance rest on plans' rows"),
        Floor(("money",), "periods are charged for, not the other way round"),
        Floor(("mail",), "a message is about a document, which knows nothing of it"),
        Floor(("customers",), "a customer's life touches all of the above"),
        Floor(("migrations",), "run by alembic alone"),
    ), root=1),
    Never(("models",), ("models.migrations",), "a migration is never called by the code it migrates for"),
    Only("models.accounting", ("models.tables", "models.names", "models.timetable"),
         "the writer books with tables at hand, names as they are compared, and hours as clocks show them"),
    Siblings("models.tables", ("base",), "a table is read without reading another"),
    Importers("models.accounting.statements",
              ("models.accounting.booking", "models.accounting.session_rows",
               "models.accounting.usage_rows"),
              "octets are written by the booking alone"),
    # The service, upwards.
    Floors("service", (
        Floor(("errors", "progress"), "how something is said"),
        Floor(("host",), "the machine that it runs on"),
        Floor(("database",), "the cluster and its roles"),
        Floor(("parts",), "what the parts are"),
        Floor(("part_environment",), "what each is given"),
        Floor(("s6",), "the supervisor's tree of parts"),
        Floor(("systemd",), "the same parts as systemd's units"),
        Floor(("start",), "from nothing to the first answered login"),
        Floor(("run", "show"), "in the foreground; what a terminal reads"),
        Floor(("background", "backup", "command_line", "container", "install", "testing"),
              "without a terminal; into a file, and back"),
        Floor(("upgrade",), "from one release to the next, under either supervisor"),
        Floor(("__main__",), "the commands"),
    )),
    # The API's wings and its doors into the packet path.
    Doors("radius_module", _radius("status", "login.ask", "replies.attribute", "replies.outcome", "writer.quarantine",
                                   "writer.cli", "ipc.device_call"),
          "what the API may know of the packet path", who="admin_api"),
    Wings("admin_api", shared=("settings", "web", "access.authentication", "access.client_address"),
          hall=("application",),
          arrows=(("reports", "sessions", "a usage report lists sessions as the sessions' page does"),),
          reason="a resource is changed without reading another"),
    Never(("admin_api.web",), tuple(f"admin_api.{wing}" for wing in (
        "access", "customers", "devices", "operation", "plans", "radius", "reports", "sessions", "tenants")),
        "the frame knows no resource"),
    # Foreign things.
    Importers("radiusd", ("radius_module.rlm",), "exists only inside FreeRADIUS"),
    Importers("pyrad", ("service.start.probe", "radius_module.enforce"), "not thread-safe, and unsigned unless asked"),
    Importers("librouteros", ("radius_module.enforce.routeros",), "GPL-2.0-or-later, while this project is MIT"),
    Importers("typst", ("models.money.paper.pdf",), "one place that sets pages, and knows how it refuses"),
    Importers("facturx", ("models.money.paper.xml",), "its other functions ask servers and read the clock"),
    *(Never(("models",), (foreign,), "models know neither HTTP nor RADIUS")
      for foreign in ("flask", "apiflask", "pyrad", "radiusd", "librouteros")),
    *(Never(("radius_module.rules",), (tool,), "the rules have no clock, no log and no world")
      for tool in ("time", "datetime", "logging", "random", "os", "threading")),
)  # fmt: skip
