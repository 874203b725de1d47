"""A tenant with one row of each kind, each of which says `secret of <tenant>` somewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.caller import Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
_PAYMENTS = {"/reverse": "payment_reversed", "/refund": "payment_refunded", "/assign": "payment_in_suspense"}
ADDRESSES = {"payments": "payment", "drawers": "drawer", "devices": "device", "plans": "plan",
             "documents": "document", "mails": "mail", "invoice-runs": "run", "customers": "customer", "users": "user",
             "isps": "isp", "requests": "request"}  # fmt: skip


class World:
    """A tenant with one row of each kind; `address` fills them into the path of an operation."""

    def __init__(self, tenant: Tenant, rows: Rows) -> None:
        self.tenant, self._rows = tenant, rows
        device = tenant.device(name=f"secret of {tenant.id}")
        self.device_address = str(device["ip_address"])
        self.ids = {
            "isp": tenant.id,
            "plan": tenant.plan(name=f"secret of {tenant.id}", simultaneous_use=9)["id"],
            "device": device["id"],
        }
        self.ids["customer"] = tenant.customer(
            full_name=f"secret of {tenant.id}", username=f"user{tenant.id}", service_plan_id=self.ids["plan"]
        )["id"]
        user = tenant.superadmin.post(
            "/api/users", {"username": f"secret of {tenant.id}", "password": "0123456789", "role": "staff"}
        )
        self.ids["user"] = user.data["id"]
        rows(
            "insert into operator_totp (user_id, isp_id, secret, confirmed_at) values (:id, :isp, :secret, now())",
            id=self.ids["user"], isp=tenant.id, secret=f"secret of {tenant.id}",
        )  # fmt: skip
        body = {"attribute": "Filter-Id", "value": f"secret of {tenant.id}"}
        self.attributes = {
            kind: tenant.superadmin.post(f"/api/billing/{kind}s/{self.ids[kind]}/attributes", body).data["id"]
            for kind in ("plan", "customer")
        }
        owned = f"/api/billing/customers/{self.ids['customer']}"
        self.bought = {
            "topup_id": tenant.superadmin.post(f"{owned}/topups", {"data_gb": 1}).data["id"],
            "period_id": tenant.superadmin.get(f"{owned}/periods").data["items"][0]["id"],
        }
        self._add_money()
        quarantined = rows(
            "insert into quarantine (isp_id, node, reason, record, octets)"
            " values (:isp, 'n', :secret, '{}', '') returning id",
            isp=tenant.id,
            secret=f"secret of {tenant.id}",
        )
        self.ids["quarantine"] = quarantined[0][0]
        online = rows(
            "insert into radacct (isp_id, customer_id, device_id, acctsessionid, username)"
            " values (:isp, :customer, :device, 's', :name) returning acctuniqueid",
            isp=tenant.id,
            customer=self.ids["customer"],
            device=self.ids["device"],
            name=f"secret of {tenant.id}",
        )
        self.session_id = online[0][0]
        self.ids["request"] = rows(
            "insert into outbox (isp_id, customer_id, device_id, kind, reason, acctuniqueid, session_month, session_id,"
            " username, status, error, done_at)"
            " select isp_id, customer_id, device_id, 'disconnect', 'by_hand', acctuniqueid, session_month, 's',"
            " username, 'failed', 'no_answer', now() from radacct where isp_id = :isp returning id",
            isp=tenant.id,
        )[0][0]

    def _add_money(self) -> None:
        """Settings, a charge, payments for each of what can be done with one, and the drawer of the one in cash."""
        admin, secret = self.tenant.superadmin, f"secret of {self.tenant.id}"
        seller = {"name": secret, "address": secret, "country": "KE", "tax_id": "1"}
        settings = {"seller": seller, "tax": {"rate": "16"}, "invoicing": "each_charge"}
        assert admin.put("/api/billing/settings", settings).status == 200
        of_customer = f"/api/billing/customers/{self.ids['customer']}"
        charge = admin.post(f"{of_customer}/charges", {"description": secret, "unit_price": "1.50"})
        self.attributes["charge"] = charge.data["id"]
        # The charge is taken back by one operation, and its invoice with it; the document is another charge's.
        admin.post(f"{of_customer}/charges", {"description": secret, "unit_price": "1.50"})
        self.ids["document"] = admin.get("/api/billing/documents").data["items"][0]["id"]
        self.ids["run"] = admin.post("/api/billing/invoice-runs", {"until": "2026-01-31"}).data["id"]
        assert admin.put("/api/billing/mail-settings", {"host": "mail.example.com", "sender": "b@example.com",
                                                        "sender_name": secret}).status == 200  # fmt: skip
        self.ids["mail"] = self._rows(
            "insert into mails (isp_id, key, recipient, subject, body, status, error, done_at, actor)"
            " values (:isp, 'failed', 'a@example.com', :secret, '', 'failed', 'rejected', now(), 'x') returning id",
            isp=self.tenant.id, secret=secret,
        )[0][0]  # fmt: skip
        for kind, method in (("payment", "bank"), ("payment_reversed", "other"), ("payment_refunded", "bank"),
                             ("payment_in_suspense", "bank"), ("drawer", "cash")):  # fmt: skip
            body = {"amount": "1000.00", "method": method, "note": secret, "reference": kind}
            if kind != "payment_in_suspense":
                body["customer_id"] = self.ids["customer"]
            payment = admin.post("/api/billing/payments", body)
            assert payment.status == 201, payment
            self.ids[kind] = payment.data["drawer_id" if kind == "drawer" else "id"]

    def parameters(self, path: str) -> dict[str, Any]:
        """Values for the path's places."""
        kind = next((kind for word, kind in ADDRESSES.items() if f"/{word}/{{id}}" in path), "quarantine")
        if kind == "payment":
            kind = next((of_act for end, of_act in _PAYMENTS.items() if path.endswith(end)), kind)
        values: dict[str, Any] = {"id": self.ids[kind], "attribute_id": self.attributes.get(kind, 1)}
        values |= {"username": f"user{self.tenant.id}", "charge_id": self.attributes["charge"]} | self.bought
        values["session_id"] = self.session_id
        return {name: value for name, value in values.items() if f"{{{name}}}" in path}

    def address(self, path: str) -> str:
        return path.format(**self.parameters(path))
