"""A program run against Pulumi's own stand-in for the engine, which keeps what it was asked."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks

import pulumi_hubassoc as hubassoc

LABEL_TYPE = "pulumi-python:dynamic/hubassoc:AssociationLabel"
LIMIT_TYPE = "pulumi-python:dynamic/hubassoc:AssociationLimit"


class World(mocks.Mocks):
    """Pulumi's own stand-in for providers: hands out ids."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Makes a resource."""
        ids = {LABEL_TYPE: "contacts/companies/12/13", LIMIT_TYPE: "companies/deals/HUBSPOT_DEFINED/342"}
        return args.resource_id or ids.get(args.typ, args.name), args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        """Nothing is called."""
        raise AssertionError(args.token)


class Recorder(mocks.MockMonitor):
    """Pulumi's own stand-in for the engine, which keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(World())
        self.requests: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the name in Pulumi's protocol
        """Registers."""
        self.requests[request.name] = request
        return super().RegisterResource(request)


def close_what_is_left() -> None:
    """End the event loops that Pulumi leaves open in its threads, before something else comes across them."""
    for left in [o for o in gc.get_objects() if isinstance(o, asyncio.BaseEventLoop) and not o.is_closed()]:
        left.close()


class Run:
    """A program run against the recorder."""

    def __init__(self) -> None:
        self.recorder = Recorder()

    def __call__(self, program: Callable[[], Any]) -> Any:
        """What the program returns, outputs resolved."""
        results: list[Any] = []

        @pulumi.runtime.test
        def run() -> pulumi.Output[Any]:
            return pulumi.Output.from_input(program()).apply(results.append)

        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            mocks.set_mocks(World(), project="crm", stack="dev", monitor=self.recorder)
            run()
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
            asyncio.set_event_loop(None)
            close_what_is_left()
        return results[0]

    def request(self, name: str) -> Any:
        """The registration of a resource as the engine would get it, options included."""
        return self.recorder.requests[name]

    def inputs(self, name: str) -> dict[str, Any]:
        """The inputs of a resource, without the pickle and without null, as the wire drops it."""
        sent = json_format.MessageToDict(self.request(name).object)
        return {k: v for k, v in sent.items() if k != "__provider" and v is not None}


def label(name: str = "billing", **kwargs: Any) -> hubassoc.AssociationLabel:
    """A label."""
    defaults: dict[str, Any] = {
        "from_object_type": "contacts",
        "to_object_type": "companies",
        "label": "Billing contact",
    }
    return hubassoc.AssociationLabel(name, **(defaults | kwargs))


def limit(association: Any, name: str = "limit", **kwargs: Any) -> hubassoc.AssociationLimit:
    """A limit."""
    return hubassoc.AssociationLimit(name, association=association, max_to_object_ids=1, **kwargs)
