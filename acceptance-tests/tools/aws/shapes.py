"""Walks a value beside the shape that botocore has for it."""

import datetime

import regex

KINDS = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "blob": (bytes, str),
    "timestamp": (datetime.datetime, int, float),
}

MEASURED = {"string": len, "list": len, "map": len, "integer": int, "long": int, "float": float, "double": float}


def violations(shape, value, at="", wire=False):
    """Each way in which a value breaks its shape; `wire` means members by the names that they have on the way."""
    kind = KINDS[shape.type_name]
    if shape.serialization.get("timestampFormat") == "iso8601" and wire:
        kind = str
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        yield f"{at or 'it'} is {value!r}, which is no {shape.type_name}"
        return
    yield from limits(shape, value, at or "it", wire)
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        yield from structure(shape, value, at, wire)
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from violations(shape.member, item, f"{at}[{index}]", wire)
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from violations(shape.key, key, f"the key {key} of {at}", wire)
            yield from violations(shape.value, item, f"{at}.{key}", wire)


def structure(shape, value, at, wire):
    """The members of a structure."""
    prefix = f"{at}." if at else ""
    members = {
        (member.serialization.get("name", name) if wire else name): (name, member)
        for name, member in shape.members.items()
    }
    present = {members[key][0] for key in value if key in members}
    for name in shape.required_members:
        if name not in present:
            yield f"{prefix}{name} is required"
    if shape.metadata.get("union") and len(value) != 1:
        yield f"{at} has {len(value)} members and is a union"
    for key, item in value.items():
        if key in members:
            yield from violations(members[key][1], item, f"{prefix}{key}", wire)
        else:
            yield f"{prefix}{key} is unknown"


def limits(shape, value, at, answered):
    """Enum, length or range, and pattern. AWS answers empty lists and maps where it would not take them."""
    metadata = shape.metadata
    if "enum" in metadata and value not in metadata["enum"]:
        yield f"{at} is {value!r}, which is none of {', '.join(metadata['enum'])}"
    measure = MEASURED.get(shape.type_name)
    may_be_empty = answered and shape.type_name in ("list", "map")
    if measure and measure(value) < float(metadata.get("min", "-inf")) and not may_be_empty:
        yield f"{at} is {measure(value)}, below {metadata['min']}"
    if measure and measure(value) > float(metadata.get("max", "inf")):
        yield f"{at} is {measure(value)}, above {metadata['max']}"
    if "pattern" in metadata and shape.type_name == "string" and not matches(metadata["pattern"], value):
        yield f"{at} is {value!r}, which does not match {metadata['pattern']}"


def matches(pattern, value):
    """Old patterns have no anchors and mean the whole; those with anchors say what they mean.

    Some name what is beyond the first 65,536 characters by the pairs that Java has for them.
    """
    pattern = pattern.replace(r"\p{all}", r"\p{Any}")
    pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    anchored = pattern.startswith("^") or pattern.endswith("$")
    return bool((regex.search if anchored else regex.fullmatch)(pattern, value))


def redacted(shape, value):
    """A value without its secrets."""
    if shape.metadata.get("sensitive"):
        return "(sensitive)"
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            name: redacted(shape.members[name], item) if name in shape.members else item for name, item in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [redacted(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: redacted(shape.value, item) for name, item in value.items()}
    return value
