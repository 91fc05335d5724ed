#!/usr/bin/env python3
"""Reads a JUnit report as other people's programs do: by the schema of Jenkins, and with junitparser.

    read.py REPORT.xml PYTEST.tar.gz

The schema is `junit-10.xsd` of Jenkins' xunit plugin, as the source package of pytest ships it. It predates
some attributes that Jenkins, GitLab and actions of GitHub read today; they are added here, each by name.
Prints the counts as one line of JSON. Fails if the report does not follow the schema.
"""
import json, sys, tarfile

import junitparser, xmlschema

# Behind each of these texts the schema gets what it predates.
ADDED = {
    '<xs:attribute name="classname" type="xs:string"/>': ["assertions", "timestamp", "file", "line"],
    '<xs:element name="testsuites">': [],
}


def schema(package):
    """Returns the schema, with the attributes that it predates."""
    with tarfile.open(package) as archive:
        name = next(name for name in archive.getnames() if name.endswith("/junit-10.xsd"))
        text = archive.extractfile(name).read().decode()
    for place, attributes in ADDED.items():
        assert text.count(place) == 1, place
        more = "".join(f'<xs:attribute name="{name}" type="xs:string"/>' for name in attributes)
        text = text.replace(place, place + more)
    # Properties of a case, and the count of skipped cases in the root.
    choice = '<xs:element ref="skipped"/>'
    assert text.count(choice) == 1
    text = text.replace(choice, choice + '<xs:element ref="properties"/>')
    head, root = text.split('<xs:element name="testsuites">')
    root = root.replace("</xs:sequence>", '</xs:sequence><xs:attribute name="skipped" type="xs:string"/>', 1)
    return xmlschema.XMLSchema(head + '<xs:element name="testsuites">' + root)


def main(report, package):
    schema(package).validate(report)
    found = {"passed": 0, "failed": 0, "error": 0, "skipped": 0, "flaky": 0, "files": [], "timestamps": []}
    for suite in junitparser.JUnitXml.fromfile(report):
        found["files"].append(suite._elem.get("file"))
        found["timestamps"].append(suite.timestamp)
        for case in suite:
            kinds = [type(result).__name__ for result in case.result]
            flaky = [child for child in case._elem if child.tag in ("flakyFailure", "flakyError")]
            found["flaky"] += bool(flaky)
            for kind, count in (("Failure", "failed"), ("Error", "error"), ("Skipped", "skipped")):
                found[count] += kind in kinds
            found["passed"] += not kinds
    print(json.dumps(found))


main(*sys.argv[1:])
