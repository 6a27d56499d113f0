"""Reading a JSON schema: which node governs a key, and what it allows, in words.

Error messages and the config reference both speak through these functions, so they say the same of a key.
"""

from collections.abc import Iterator, Mapping


def resolve(schema: dict, node: dict) -> dict:
    """The node itself, or the definition that its $ref names."""
    return schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def node_at(schema: dict, path: tuple, raw: object = None) -> dict:
    """The node that governs the value at `path` (keys of mappings, positions in lists) of the file `raw`; KeyError for
    an unknown key."""
    node = _chosen(schema, schema, raw)
    for part in path:
        if "properties" in node:
            below = node["properties"][part]
        elif "patternProperties" in node:
            below = next(iter(node["patternProperties"].values()))
        elif isinstance(part, str):
            mappings = [resolve(schema, branch) for branch in [*branches(node), *node.get("anyOf", [])]]
            below = next(branch["properties"][part] for branch in mappings if part in branch.get("properties", {}))
        else:
            below = next(branch["items"] for branch in branches(node) if "items" in branch)
        inside = (isinstance(raw, Mapping) and part in raw) or (isinstance(raw, list) and part in range(len(raw)))
        raw = raw[part] if inside else None
        node = _chosen(schema, resolve(schema, below), raw)
    return node


def _chosen(schema: dict, node: dict, value: object) -> dict:
    """Of a union of mappings the one whose constant keys are as `value` has them, or by default; else the node."""
    for branch in branches(node) if isinstance(value, Mapping) else ():
        mapping = resolve(schema, branch)
        fixed = {key: below for key, below in mapping.get("properties", {}).items() if "const" in below}
        if fixed and all(value.get(key, below.get("default")) == below["const"] for key, below in fixed.items()):
            return mapping
    return node


def branches(node: dict) -> list[dict]:
    """The alternatives of a union, or the node alone."""
    return node.get("oneOf", [node])


def words(node: dict) -> list[str]:
    """The fixed words that a node allows, if any."""
    return [word for branch in branches(node) for word in branch.get("enum", [branch.get("const")]) if word]


def describe(schema: dict, node: dict) -> str:
    """What a node allows, in words: 'a whole number from 2 to 10,000'."""
    match resolve(schema, node):
        case {"anyOf": [value, {"type": "null"}]}:
            return f"{describe(schema, value)}, or null"
        case {"oneOf": alternatives} if all("properties" in resolve(schema, branch) for branch in alternatives):
            return _of_kinds([list(resolve(schema, branch)["properties"]) for branch in alternatives])
        case {"oneOf": alternatives}:
            return " or ".join(describe(schema, branch) for branch in alternatives)
        case {"const": word}:
            return repr(word)
        case {"enum": allowed}:
            return ", ".join(map(repr, allowed))
        case {"type": "integer" | "number" as kind, "minimum": low, "maximum": high}:
            return f"a {'whole ' if kind == 'integer' else ''}number from {low:,} to {high:,}"
        case {"type": "array", "items": items, **rest}:
            fewest = "one or more" if "minItems" in rest else "any number of"
            length = f"{rest['minItems']} to {rest['maxItems']}" if "maxItems" in rest else fewest
            return f"a list of {length} entries, each {describe(schema, items)}"
        case {"type": "string"}:
            return "a name"
        case {"patternProperties": values}:
            return f"a mapping of names to {describe(schema, next(iter(values.values())))}"
        case {"properties": keys}:
            return f"a mapping with the keys {', '.join(keys)}"
        case {"type": "boolean"}:
            return "true or false"
        case other:
            raise ValueError(f"no words for the schema node {other}")


def _of_kinds(kinds: list[list[str]]) -> str:
    """Mappings of several kinds in words, from the keys of each: those that all have, then those of one kind."""
    shared = [key for key in kinds[0] if all(key in keys for keys in kinds)]
    own = [", ".join(key for key in keys if key not in shared) for keys in kinds]
    return f"a mapping with the keys {', '.join(shared)} and either {'; or '.join(own)}"


def sections(schema: dict, node: dict | None = None, place: str = "") -> Iterator[tuple[str, dict]]:
    """Every mapping with fixed keys, from the outside in: its address ('' for the file, 'scales.<name>') and node."""
    node = resolve(schema, schema if node is None else node)
    if "properties" in node:
        yield place, node
    named = [("<name>", value) for value in node.get("patternProperties", {}).values()]
    for key, value in [*node.get("properties", {}).items(), *named]:
        yield from sections(schema, value, f"{place}.{key}".removeprefix("."))
    for branch in [*node.get("oneOf", []), *node.get("anyOf", [])]:
        if "$ref" in branch:
            yield from sections(schema, branch, place)


def places_of(schema: dict, key: str) -> list[str]:
    """The addresses of the mappings that have `key`, each once, whichever of a union of mappings has it."""
    having = (place or "the top level" for place, node in sections(schema) if key in node["properties"])
    return list(dict.fromkeys(having))
