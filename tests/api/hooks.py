"""What schemathesis can't guess of this API: texts that are BPMN, ids of what exists, keys never used before.

Loaded by schemathesis.toml. Valid values are replaced by other valid ones only; must not weaken a check.
"""

import json
import os
import re
import urllib.request
import uuid

import schemathesis
from hypothesis import strategies as st

ID = re.compile(r"[A-Za-z0-9_.:@|-]{1,128}")
KEY = re.compile(r"[!-~]{1,255}")

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="Definitions_1" targetNamespace="http://example.com/bpmn">
  <process id="Process_1" name="{name}">
    <startEvent id="Start_1"/>
    <task id="Task_1" name="{task}"/>
    <sequenceFlow id="Flow_1" sourceRef="Start_1" targetRef="Task_1"/>
  </process>
</definitions>
"""

names = st.text(st.characters(categories=["L", "N", "Zs"]), max_size=20)
diagrams = st.builds(lambda name, task: DIAGRAM.format(name=name, task=task), names, names)

# What a change builds on.
schemathesis.openapi.format("etag", st.sampled_from(['"v1"', '"v1.1"', "*"]))

# The members and parts that are BPMN in a text, and the bodies that are it.
schemathesis.openapi.format("bpmn", diagrams)
for media_type in ("application/xml", "text/xml", "application/bpmn+xml"):
    schemathesis.openapi.media_type(media_type, diagrams.map(str.encode))


def created(path, body):
    """The id of something that exists: a random one would be 404 before anything else is looked at."""
    request = urllib.request.Request(
        os.environ["URL"] + path,
        data=json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["id"]


PROJECT = created("/api/projects", {"name": "Purchasing"})
DIAGRAM_ID = created("/api/diagrams", {"title": "Order to cash"})
KNOWN = {"/api/diagrams/": DIAGRAM_ID, "/api/projects/": PROJECT}


def is_made_up(value):
    """Valid, and none that the server gave: those are UUIDs."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        return False
    try:
        uuid.UUID(value)
    except ValueError:
        return True
    return False


def is_version(value):
    return type(value) is int and 0 < value < 2**32


def with_what_exists(values):
    if not isinstance(values, dict):
        return
    if is_made_up(values.get("projectId")):
        values["projectId"] = PROJECT
    for name in ("from", "to", "since", "expectedVersion", "version"):
        if is_version(values.get(name)):
            values[name] = 1


@schemathesis.hook
def before_call(context, case, kwargs):
    with_what_exists(case.body)
    with_what_exists(case.query)
    with_what_exists(case.path_parameters)
    # What is deleted would be missing for all that comes after; sequences delete what they create.
    if case.method != "DELETE" and is_made_up((case.path_parameters or {}).get("id")):
        for path, known in KNOWN.items():
            if case.operation.path.startswith(path):
                case.path_parameters["id"] = known
    if case.headers:
        # A key that was used for another request is refused, as it must be.
        if KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))):
            case.headers["Idempotency-Key"] = str(uuid.uuid4())
        # Version 1 is always there; the tag of an entry names its change too.
        if str(case.headers.get("If-Match", "")).startswith('"v'):
            case.headers["If-Match"] = '"v1.1"' if case.method == "PATCH" else '"v1"'
        # A base is named once: two that differ are refused.
        if isinstance(case.body, dict) and is_version(case.body.get("expectedVersion")):
            case.headers.pop("If-Match", None)
    # The cursor of a list of diagrams is a text of the server: nobody else makes one that is valid.
    if case.query and case.operation.label == "GET /api/diagrams":
        case.query.pop("cursor", None)
    # Whoever asks does not take its own rights away: everything after that would be 403.
    if "/members/" in case.operation.path and (case.path_parameters or {}).get("id") == "ana":
        case.path_parameters["id"] = "bob"
