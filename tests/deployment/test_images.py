"""What is in the images, and what is not."""

from __future__ import annotations

from tests.deployment.heroku import Heroku
from tests.deployment.image import Image, stand_in
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
    assert {p.name for p in images["web"].app.iterdir()} == {"shared", "api"}


def test_the_python_is_said(images: dict[str, Image]) -> None:
    """When it is not the Dockerfile's, the end of the tests' report names both."""
    for image in images.values():
        look = "import platform as p; print(p.python_version())"
        found = image.run(["python", "-c", look], {}, check=True).stdout.strip()
        said = stand_in(image.dockerfile)
        if found.startswith(image.dockerfile.python):
            assert said is None
        else:
            assert said
            assert f"Python {found}," in said
            assert image.dockerfile.base in said


def test_nothing_is_written_beside_the_code(heroku: Heroku, web: Client) -> None:
    """The images' user may not write there, and no process does."""
    assert web.predict("written").status == 200
    for kind, image in heroku.images.items():
        assert image.files() == image.built, kind
