#!/usr/bin/env python3
"""Checks documents by a JSON schema, as editors do.

    read_schema.py SCHEMA.json DOCUMENTS.json

The second file is an object of documents by name. Prints an object of the first mistake of each that has one.
"""
import json, sys

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match


def main(schema, documents):
    with open(schema) as file:
        schema = json.load(file)
    Draft7Validator.check_schema(schema)
    validator = Draft7Validator(schema)
    with open(documents) as file:
        wrong = {name: best_match(validator.iter_errors(one)) for name, one in json.load(file).items()}
    print(json.dumps({name: error.message for name, error in wrong.items() if error}))


main(*sys.argv[1:])
