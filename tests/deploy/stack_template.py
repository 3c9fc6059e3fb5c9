"""The CloudFormation template as CloudFormation reads it, with given parameters, and as far as a double can make it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from deploy.hosting_files import DEPLOY

TEMPLATE = DEPLOY / "aws" / "dynamodb-schema.yaml"
REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
NO_VALUE = object()
Json = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of intrinsic functions: ``!Ref x`` is ``{"Ref": x}``, ``!Sub x`` is ``{"Fn::Sub": x}``."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Json:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    assert isinstance(node, yaml.SequenceNode)
    return {name: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


def loaded(path: Path = TEMPLATE) -> Json:
    """The template with every intrinsic function in its long form."""
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader))


class Stack:
    """What the template comes to with ``parameters``; those that are not given have the template's defaults."""

    def __init__(self, name: str = "dallyeok-development", **parameters: str) -> None:
        self.template = loaded()
        assert set(parameters) <= set(self.template["Parameters"])
        defaults = {key: value["Default"] for key, value in self.template["Parameters"].items()}
        self._values = {**defaults, **parameters, "AWS::StackName": name, "AWS::Region": REGION}
        self.conditions = {key: self.value(rule) for key, rule in self.template["Conditions"].items()}

    @property
    def resources(self) -> dict[str, Json]:
        """The resources whose condition holds, by their logical ids, every function in them evaluated."""
        wanted = self.template["Resources"].items()
        return {key: self.value(each) for key, each in wanted if self.conditions.get(each.get("Condition"), True)}

    def of_type(self, kind: str) -> dict[str, Json]:
        """The properties of all resources of ``kind``, by their logical ids."""
        return {key: each["Properties"] for key, each in self.resources.items() if each["Type"] == kind}

    @property
    def outputs(self) -> dict[str, Json]:
        return {key: self.value(each) for key, each in self.template["Outputs"].items()}

    def value(self, node: Any) -> Any:
        """``node`` with its intrinsic functions evaluated; ``AWS::NoValue`` takes away what it is the value of."""
        if isinstance(node, list):
            return [each for each in map(self.value, node) if each is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and (function := _FUNCTIONS.get(next(iter(node)))):
            return function(self, next(iter(node.values())))
        values = {key: self.value(each) for key, each in node.items()}
        return {key: each for key, each in values.items() if each is not NO_VALUE}

    def reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._values:
            return self._values[name]
        properties = self.template["Resources"][name]["Properties"]
        naming = next((key for key in ("TableName", "LogGroupName") if key in properties), None)
        return self.value(properties[naming]) if naming else name

    def attribute(self, name: str) -> str:
        resource, _, attribute = name.partition(".")
        assert attribute == "Arn", name
        return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.reference(resource)}"

    def substituted(self, text: str) -> str:
        def found(match: re.Match[str]) -> str:
            return self.attribute(match[1]) if "." in match[1] else str(self.reference(match[1]))

        return re.sub(r"\$\{([A-Za-z:.]+)\}", found, text)

    def chosen(self, parts: list[Any]) -> Any:
        condition, yes, no = parts
        return self.value(yes if self.conditions[condition] else no)

    def mapped(self, parts: list[Any]) -> Any:
        mapping, first, second = (self.value(part) for part in parts)
        return self.template["Mappings"][mapping][str(first)][second]

    def equal(self, parts: list[Any]) -> bool:
        left, right = (self.value(part) for part in parts)
        return bool(left == right)


_FUNCTIONS = {
    "Ref": Stack.reference,
    "Fn::GetAtt": Stack.attribute,
    "Fn::Sub": Stack.substituted,
    "Fn::If": Stack.chosen,
    "Fn::FindInMap": Stack.mapped,
    "Fn::Equals": Stack.equal,
    "Fn::Not": lambda stack, parts: not stack.value(parts[0]),
}
