"""The images as Heroku runs them: `postgres://`, `rediss://`, PORT."""

from __future__ import annotations

import pytest

from tests.deployment.conftest import HERE
from tests.deployment.heroku import Heroku
from tests.system import FIRST_PROBA, Client, wait_for


def test_release_again(heroku: Heroku) -> None:
    """A release of a schema that is up to date changes nothing and succeeds."""
    code, said = heroku.release()
    assert code == 0
    assert "was already" in said


def test_first_passenger(web: Client) -> None:
    """The gateway of one image and the worker of the other score, store and label."""
    answer = web.predict(0)
    assert answer.status == 200
    assert answer.json["proba"] == pytest.approx(FIRST_PROBA, abs=1e-12)
    assert web.predict(0).json["error"] == 'Observation ID: "0" already exists'
    assert web.update(0, 1).json["true_class"] == 1
    (row,) = (row for row in web.rows() if row["observation_id"] == 0)
    assert row["true_class"] == 1


def test_key_is_asked_for(web: Client) -> None:
    """app.json has a key made, so that the service is not open to the internet."""
    stranger = Client(web.address[1])
    assert stranger.predict(1).status == 401
    assert stranger.get("/healthz").status == 200


def test_self_signed_certificate_is_refused(heroku: Heroku, web: Client) -> None:
    """With REDIS_TLS_VERIFY=yes a certificate that nobody vouches for is refused; it is accepted
    once somebody does, so it was that which was verified."""
    strict = heroku.beside(REDIS_TLS_VERIFY="yes")
    try:
        refusing = strict.start_web()
        answer = refusing.get("/readyz")
        assert answer.status == 503
        assert answer.json["database"] == "ready"
        assert "Redis" in answer.json["redis"]
        assert refusing.predict(2).status == 503
        assert "certificate verify failed" in strict.log.read_text()
        trusting = strict.start_web(SSL_CERT_FILE=str(HERE / "certificate.pem"))
        wait_for(trusting.ready, 20, "a gateway that trusts the certificate is ready")
        assert trusting.predict("verified").status == 200
    finally:
        strict.stop()
