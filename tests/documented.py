"""Whether an answer is as /openapi.json says."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from tests.system import Answer


def accepts(document: Any, name: str, value: Any) -> bool:
    """Whether a schema of the document's components lets a value pass."""
    of = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return bool(Draft202012Validator(of).is_valid(value))


def check(document: Any, path: str, method: str, answer: Answer) -> None:
    """See that an answer is one that the document has for this operation: its status, its type, its
    headers, and a body that has everything it must have and nothing else."""
    said = _resolved(document, document["paths"][path][method]["responses"][str(answer.status)])
    for name, header in said["headers"].items():
        found = _resolved(document, header)
        value = answer.headers.get(name.lower())
        assert value is not None or not found.get("required"), name
        if value is not None:
            is_number = found["schema"].get("type") == "integer"
            Draft202012Validator(found["schema"]).validate(int(value) if is_number else value)
    kind = answer.headers["content-type"].partition(";")[0]
    schema = said["content"][kind]["schema"]
    if kind == "application/json":
        strict = _closed({"components": document["components"], **schema})
        Draft202012Validator(strict).validate(answer.json)


def _closed(schema: Any) -> Any:
    """The same schema without room for properties that it does not name."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _closed(each) for name, each in schema.items()}
    named = isinstance(found.get("properties"), dict) and found.get("type") == "object"
    return {"additionalProperties": False, **found} if named else found


def _resolved(document: Any, part: Any) -> Any:
    """A part of the document, its reference followed."""
    if "$ref" not in part:
        return part
    found = document
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found
