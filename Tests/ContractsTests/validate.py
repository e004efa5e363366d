"""Validates messages against topology/contracts with an implementation that shares nothing with ours.

Usage: validate.py <folder of schemas> <file of messages>
Each line of the file is {"name": ..., "schema": <id>, "body": <the message as text>}.
Prints one line {"name": ..., "error": null or text} for each. Exit code 3: a package is missing.
"""

import json
import pathlib
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError as missing:
    print(f"validate.py needs the Python package jsonschema, 4.0 or later: {missing}", file=sys.stderr)
    sys.exit(3)


def validators(folder):
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        found[schema["$id"]] = Draft202012Validator(schema)
    return found


def main():
    schemas = validators(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as messages:
        for line in messages:
            message = json.loads(line)
            error = next(schemas[message["schema"]].iter_errors(json.loads(message["body"])), None)
            print(json.dumps({"name": message["name"], "error": error and f"{error.json_path}: {error.message[:200]}"}))


main()
