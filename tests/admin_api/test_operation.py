"""What the installation asks of the API: document, metrics, health."""

from __future__ import annotations

from apiflask import APIFlask

from tests.admin_api.caller import Caller


def test_the_document_and_its_page_are_served(app: APIFlask) -> None:
    document = Caller(app).raw("GET", "/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    assert Caller(app).raw("GET", "/docs").status_code == 200


def test_metrics_are_for_this_machine_and_for_the_token(app: APIFlask) -> None:
    text = app.test_client().get("/metrics").get_data(as_text=True)
    assert "infora_api_request_seconds_bucket" in text and "infora_radius_up 0.0" in text
    assert app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 401


def test_health(app: APIFlask) -> None:
    assert Caller(app).get("/healthz").data == {"status": "ok"}
    assert Caller(app).get("/readyz").data["status"] == "ok"
