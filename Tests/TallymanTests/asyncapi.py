"""Checks an AsyncAPI 3.0 document with an implementation that shares nothing with ours.

Usage: asyncapi.py <document>
Prints a line for each fault: a reference that leads nowhere, an object that lacks what AsyncAPI 3.0 requires or has what
it does not know, a payload that is no JSON Schema, an example that its schema refuses. Exit code 1 if there is any.
"""

import json
import sys

from jsonschema import Draft202012Validator, Draft7Validator

# What the specification's objects have: required fields, then others. `x-` is free everywhere.
OBJECTS = {
    "document": (["asyncapi", "info"], ["id", "servers", "defaultContentType", "channels", "operations", "components"]),
    "info": (["title", "version"], ["description", "termsOfService", "contact", "license", "tags", "externalDocs"]),
    "license": (["name"], ["url"]),
    "tag": (["name"], ["description", "externalDocs"]),
    "server": (["host", "protocol"], [
        "protocolVersion", "pathname", "description", "title", "summary", "variables", "security", "tags",
        "externalDocs", "bindings"]),
    "channel": ([], [
        "address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs",
        "bindings"]),
    "operation": (["action", "channel"], [
        "title", "summary", "description", "security", "tags", "externalDocs", "bindings", "traits", "messages",
        "reply"]),
    "message": ([], [
        "headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags",
        "externalDocs", "bindings", "examples", "traits"]),
    "example": ([], ["headers", "payload", "name", "summary"]),
    "correlationId": (["location"], ["description"]),
    "multiFormatSchema": (["schemaFormat", "schema"], []),
    "components": ([], [
        "schemas", "servers", "channels", "operations", "messages", "securitySchemes", "serverVariables", "parameters",
        "correlationIds", "replies", "replyAddresses", "externalDocs", "tags", "operationTraits", "messageTraits",
        "serverBindings", "channelBindings", "operationBindings", "messageBindings"]),
    "securityScheme": (["type"], ["description", "name", "in", "scheme", "bearerFormat", "flows", "openIdConnectUrl",
                                  "scopes"]),
    # AMQP 0-9-1, bindings version 0.3.0.
    "amqpChannel": ([], ["is", "exchange", "queue", "bindingVersion"]),
    "amqpExchange": ([], ["name", "type", "durable", "autoDelete", "vhost"]),
    "amqpOperation": ([], [
        "expiration", "userId", "cc", "priority", "deliveryMode", "mandatory", "bcc", "timestamp", "ack",
        "bindingVersion"]),
    "amqpMessage": ([], ["contentEncoding", "messageType", "bindingVersion"]),
}


class Check:
    def __init__(self, document):
        self.document = document
        self.faults = []

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def shape(self, kind, value, where):
        """Whether a value is an object of this kind; follows no reference."""
        if not isinstance(value, dict):
            self.fault(where, f"is no {kind} object")
            return False
        required, optional = OBJECTS[kind]
        for name in required:
            if name not in value:
                self.fault(where, f"lacks {name}")
        for name in value:
            if name not in required and name not in optional and not name.startswith("x-"):
                self.fault(where, f"has {name}, which a {kind} object has not")
        return True

    def find(self, pointer):
        if not isinstance(pointer, str) or not pointer.startswith("#/"):
            return None
        value = self.document
        for step in pointer[2:].split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, dict) or step not in value:
                return None
            value = value[step]
        return value

    def target(self, value, where, prefix):
        """What a reference that has to be one leads to."""
        if not isinstance(value, dict) or set(value) != {"$ref"}:
            self.fault(where, "must be a reference")
            return None
        if not value["$ref"].startswith(prefix):
            self.fault(where, f"refers to {value['$ref']}, must be in {prefix}")
        return self.find(value["$ref"])

    def resolved(self, value):
        return self.find(value["$ref"]) if isinstance(value, dict) and "$ref" in value else value

    def references(self, value, where):
        if isinstance(value, dict):
            if "$ref" in value and self.find(value["$ref"]) is None:
                self.fault(where, f"refers to {value['$ref']}, which is not there")
            for name, inner in value.items():
                # What an example says is no part of the document.
                if name != "examples":
                    self.references(inner, f"{where}/{name}")
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self.references(inner, f"{where}/{index}")

    def everything(self):
        document = self.document
        self.references(document, "#")
        if not self.shape("document", document, "#"):
            return
        if document.get("asyncapi") != "3.0.0":
            self.fault("#/asyncapi", "must be 3.0.0")
        if self.shape("info", document.get("info", {}), "#/info"):
            self.texts(document["info"], ["title", "version"], "#/info")
            if "license" in document["info"]:
                self.shape("license", document["info"]["license"], "#/info/license")
            self.tags(document["info"], "#/info")
        for name, server in document.get("servers", {}).items():
            where = f"#/servers/{name}"
            if self.shape("server", server, where):
                self.texts(server, ["host", "protocol"], where)
                for index, item in enumerate(server.get("security", [])):
                    self.target(item, f"{where}/security/{index}", "#/components/securitySchemes/")
        for name, channel in document.get("channels", {}).items():
            self.channel(name, channel)
        for name, operation in document.get("operations", {}).items():
            self.operation(name, operation)
        self.components(document.get("components", {}))

    def texts(self, value, names, where):
        for name in names:
            if name in value and (not isinstance(value[name], str) or not value[name]):
                self.fault(f"{where}/{name}", "must be text")

    def tags(self, value, where):
        for index, tag in enumerate(value.get("tags", [])):
            self.shape("tag", tag, f"{where}/tags/{index}")

    def bindings(self, value, kind, where):
        for protocol, binding in value.get("bindings", {}).items():
            place = f"{where}/bindings/{protocol}"
            if protocol != "amqp":
                self.fault(place, "is not checked here")
            elif self.shape(kind, binding, place) and "exchange" in binding:
                self.shape("amqpExchange", binding["exchange"], f"{place}/exchange")

    def channel(self, name, channel):
        where = f"#/channels/{name}"
        if not self.shape("channel", channel, where):
            return
        if not isinstance(channel.get("address"), (str, type(None))):
            self.fault(f"{where}/address", "must be text or null")
        for index, server in enumerate(channel.get("servers", [])):
            self.target(server, f"{where}/servers/{index}", "#/servers/")
        if not channel.get("messages"):
            self.fault(where, "carries no message")
        for key, message in channel.get("messages", {}).items():
            self.message(self.resolved(message), f"{where}/messages/{key}")
        self.bindings(channel, "amqpChannel", where)

    def operation(self, name, operation):
        where = f"#/operations/{name}"
        if not self.shape("operation", operation, where):
            return
        if operation.get("action") not in ("send", "receive"):
            self.fault(f"{where}/action", "must be send or receive")
        channel = self.target(operation.get("channel"), f"{where}/channel", "#/channels/")
        allowed = [item.get("$ref") for item in [operation.get("channel") or {}]][0]
        for index, message in enumerate(operation.get("messages", [])):
            # The specification: messages of the operation's own channel, not of components.
            self.target(message, f"{where}/messages/{index}", f"{allowed}/messages/")
        if channel is not None and "messages" not in operation:
            self.fault(where, "does not say which messages")
        self.tags(operation, where)
        self.bindings(operation, "amqpOperation", where)

    def message(self, message, where):
        if not self.shape("message", message, where):
            return
        if "payload" not in message:
            self.fault(where, "has no payload")
            return
        if "correlationId" in message:
            identity = message["correlationId"]
            if self.shape("correlationId", identity, f"{where}/correlationId"):
                if not str(identity.get("location")).startswith("$message."):
                    self.fault(f"{where}/correlationId/location", "must be a runtime expression")
        payload = message["payload"]
        if isinstance(payload, dict) and "schemaFormat" in payload:
            self.shape("multiFormatSchema", payload, f"{where}/payload")
            payload = payload.get("schema")
        schema = self.schema(self.resolved(payload), f"{where}/payload")
        self.schema(self.resolved(message.get("headers", {})), f"{where}/headers")
        self.bindings(message, "amqpMessage", where)
        if not message.get("examples"):
            self.fault(where, "has no example")
        for index, example in enumerate(message.get("examples", [])):
            place = f"{where}/examples/{index}"
            if self.shape("example", example, place) and schema is not None:
                if "payload" not in example:
                    self.fault(place, "has no payload")
                for draft in (Draft7Validator, Draft202012Validator):
                    for error in draft(schema).iter_errors(example.get("payload")):
                        self.fault(place, f"{error.json_path}: {error.message[:200]}")

    def schema(self, schema, where):
        if not isinstance(schema, dict):
            self.fault(where, "is no schema")
            return None
        for draft in (Draft7Validator, Draft202012Validator):
            try:
                draft.check_schema(schema)
            except Exception as error:
                self.fault(where, f"is no JSON Schema: {str(error)[:200]}")
                return None
        return schema

    def components(self, components):
        if not self.shape("components", components, "#/components"):
            return
        for name, scheme in components.get("securitySchemes", {}).items():
            self.shape("securityScheme", scheme, f"#/components/securitySchemes/{name}")
        for kind, things in components.items():
            for name in things:
                if not all(letter.isascii() and (letter.isalnum() or letter in "._-") for letter in name):
                    self.fault(f"#/components/{kind}/{name}", "must be named by letters, digits, . _ and -")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        check = Check(json.load(file))
    check.everything()
    for fault in check.faults:
        print(fault)
    return 1 if check.faults else 0


sys.exit(main())
