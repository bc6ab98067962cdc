"""What is in the images, and what is not."""

from __future__ import annotations

from tests.deployment.heroku import Heroku
from tests.deployment.image import Image
from tests.system import Client


def test_gateway_has_no_scikit_learn(images: dict[str, Image]) -> None:
    """The gateway's environment has no pandas and no scikit-learn; the worker's has."""
    look = (
        "from importlib.util import find_spec as f; "
        "print([n for n in ('flask', 'sklearn', 'pandas', 'numpy', 'joblib') if f(n)])"
    )
    found = images["web"].run(["python", "-c", look], {}, check=True).stdout
    assert found.strip() == "['flask']"
    found = images["worker"].run(["python", "-c", look], {}, check=True).stdout
    assert found.strip() == "['sklearn', 'pandas', 'numpy', 'joblib']"
    assert {p.name for p in images["web"].app.iterdir()} == {"requirements", "shared", "api"}


def test_nothing_is_written_beside_the_code(heroku: Heroku, web: Client) -> None:
    """The images' user may not write there, and no process does."""
    assert web.predict("written").status == 200
    for kind, image in heroku.images.items():
        assert image.files() == image.built, kind
