# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at and presses what a screen reader sees, for harness.ScreenReader: PROGRAM

A process of its own, since AT-SPI belongs to the session whose bus a process was started with.
Reads a JSON object a line and answers each with one.
"""

import json
import sys

import pyatspi

STATES = ("checked", "sensitive", "focused", "expanded", "expandable", "focusable", "showing")


def program():
    for application in pyatspi.Registry.getDesktop(0):
        if application is not None and application.name == sys.argv[1]:
            return application
    return None


def walk(node):
    yield node
    for child in node:
        if child is not None:
            yield from walk(child)


def role(node):
    """The role’s name; newer versions of AT-SPI have other names for some."""
    name = node.getRoleName()
    return {"button": "push button", "switch": "check box"}.get(name, name)


def describe(node):
    states = {pyatspi.stateToString(state) for state in node.getState().getStates()}
    return {
        "role": role(node),
        "name": node.name,
        "description": node.description,
        "states": [state for state in STATES if state in states],
    }


def tree():
    application = program()
    nodes = []
    for node in walk(application) if application else ():
        try:
            nodes.append(describe(node))
        except Exception:  # What was there a moment ago may be gone: the next look finds out.
            continue
    return nodes


def press(wanted, name):
    application = program()
    for node in walk(application) if application else ():
        if role(node) == wanted and node.name == name:
            try:
                action = node.queryAction()
            except NotImplementedError:
                continue
            if action.nActions:
                return {"done": action.doAction(0)}
    return {"done": False, "error": f"no {wanted} “{name}” that can be pressed"}


def answer(question):
    if question["command"] == "tree":
        return tree()
    return press(question["role"], question["name"])


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # The registry is away for a moment while a program starts.
        reply = [] if "tree" in line else {"done": False, "error": str(error)}
    print(json.dumps(reply), flush=True)
