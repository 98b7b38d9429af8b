"""The two gRPC services a Pulumi program talks to: the resource monitor and the engine's log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent import futures
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, resource_pb2

from pulumi_hubassoc.engine.interface import ConfigValue, NotSupported

from . import urns
from .builtin_provider import BuiltinProvider
from .goals import Abandoned, Goal, Outputs, ProgramEnded, Reading, Registration, Request
from .provider_process import CHANNEL_OPTIONS, ProviderError
from .registration import goal_of, read_goal_of
from .run import Run
from .state import ResourceState
from .trace import Trace
from .values import Properties, Secret, from_struct, to_struct

_NO_HOOKS = "the built-in engine runs no resource hooks: use the Pulumi CLI for this program"
_NO_TRANSFORMS = "the built-in engine runs no transforms: use the Pulumi CLI for this program"
_NO_PACKAGES = "the built-in engine runs Python dynamic providers only, no packages of others: use the Pulumi CLI"
_RESULTS: dict[str, Any] = {"success": 0, "failed": 1, "skipped": 2}
_Handlers: TypeAlias = Any  # a service for a gRPC server
_SEVERITIES = ("debug", "info", "warning", "error")
_MANY_THREADS = 2000  # every registration in flight waits in one; they are made as they are needed


@dataclass(frozen=True)
class Context:
    """What the program is told of itself.

    Attributes:
        config: the stack's configuration.
        parallel: resource operations at once.
    """

    project: str
    stack: str
    config: Mapping[str, ConfigValue]
    dry_run: bool
    parallel: int


class EngineService:
    """The service ``Engine``: what programs and providers log."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._root = ""

    def log(self, request: Any, context: Any) -> Any:
        """Somebody says something."""
        self._sink.diagnose(_SEVERITIES[request.severity], request.message, request.urn)
        return empty_pb2.Empty()

    def get_root(self, request: Any, context: Any) -> Any:
        """Which resource is the stack."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def set_root(self, request: Any, context: Any) -> Any:
        """Says which resource is the stack."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def require_version(self, request: Any, context: Any) -> Any:
        """There is no CLI whose version could be wrong."""
        return engine_pb2.RequirePulumiVersionResponse()

    def handlers(self) -> _Handlers:
        """The service, for a server."""
        return _service(
            "pulumirpc.Engine",
            {
                "Log": (self.log, engine_pb2.LogRequest),
                "GetRootResource": (self.get_root, engine_pb2.GetRootResourceRequest),
                "SetRootResource": (self.set_root, engine_pb2.SetRootResourceRequest),
                "RequirePulumiVersion": (self.require_version, engine_pb2.RequirePulumiVersionRequest),
            },
        )


class Monitor:
    """The service ``ResourceMonitor``: hands the program's requests to the run, and its answers back.

    Args:
        run: the run.
        context: what the program is told of itself.
        builtin: answers Pulumi's own functions.
        trace: receives the calls.
    """

    def __init__(self, run: Run, context: Context, builtin: BuiltinProvider, trace: Trace | None) -> None:
        self._run = run
        self._context = context
        self._builtin = builtin
        self._trace = trace
        self._post: Callable[[Any], None] = lambda _: None
        self._lock = threading.Lock()
        self._default_lock = threading.Lock()
        self._defaults: dict[str, str] = {}
        self._goals: dict[str, Goal] = {}
        self._component_providers: dict[str, dict[str, str]] = {}
        self._waiting: set[Request] = set()
        self._abandoned = False
        self._shut_down = threading.Event()
        self.signalled = False

    def connect(self, post: Callable[[Any], None]) -> None:
        """Hand requests to this from now on."""
        self._post = post

    def release(self) -> None:
        """Let a program go that waits for the end of the run."""
        self._shut_down.set()

    def abandon(self) -> None:
        """Answer nothing any more."""
        with self._lock:
            self._abandoned = True
            waiting = list(self._waiting)
        for request in waiting:
            request.abandon()
        self._shut_down.set()

    def _ask(self, request: Request) -> None:
        with self._lock:
            if self._abandoned:
                raise Abandoned
            self._waiting.add(request)
        self._post(request)
        try:
            request.wait()
        finally:
            with self._lock:
                self._waiting.discard(request)

    # -- the methods

    def deployment_info(self, request: Any, context: Any) -> Any:
        """What the program is told of itself, and of us."""
        known = [
            value
            for name, value in resource_pb2.ResourceMonitorFeature.items()
            if name.removeprefix("RESOURCE_MONITOR_FEATURE_") in _FEATURES
        ]
        return resource_pb2.DeploymentInfo(
            project=self._context.project,
            stack=self._context.stack,
            organization="organization",
            config={key: v.value for key, v in self._context.config.items()},
            configSecretKeys=[key for key, v in self._context.config.items() if v.secret],
            dryRun=self._context.dry_run,
            parallel=self._context.parallel,
            supportedFeatures=known,
        )

    def supports_feature(self, request: Any, context: Any) -> Any:
        """Whether we have one feature, for older SDKs."""
        known = {name.replace("_", "").lower() for name in _FEATURES}
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id.lower() in known)

    def register(self, request: Any, context: Any) -> Any:
        """A resource is registered."""
        if request.remote:
            raise NotSupported("the built-in engine has no remote components: use the Pulumi CLI for this program")
        if request.transforms:
            raise NotSupported(_NO_TRANSFORMS)
        if request.packageRef:
            raise NotSupported(_NO_PACKAGES)
        parent = self._goals.get(request.parent)
        inherited = self._component_providers.get(request.parent, {})
        goal = goal_of(request, parent, inherited)
        if goal.custom and not urns.is_provider_type(goal.type) and not goal.provider:
            goal = goal_of(request, parent, inherited, self._default_provider(urns.package_of(goal.type)))
        registration = Registration(goal)
        self._ask(registration)
        state = registration.state
        assert state is not None
        self._goals[state.urn] = goal
        if not goal.custom:
            self._component_providers[state.urn] = {**inherited, **request.providers}
        outputs = state.outputs if goal.custom else {}
        return resource_pb2.RegisterResourceResponse(
            urn=state.urn,
            id=state.id,
            object=to_struct(outputs, secrets=request.acceptSecrets, references=request.acceptResources),
            result=_RESULTS[registration.result],
            unknown=registration.unknown,
        )

    def read(self, request: Any, context: Any) -> Any:
        """A resource that exists already is read."""
        provider = request.provider or self._default_provider(urns.package_of(request.type))
        reading = Reading(read_goal_of(request, provider))
        self._ask(reading)
        state = reading.state
        assert state is not None
        return resource_pb2.ReadResourceResponse(
            urn=state.urn,
            properties=to_struct(state.outputs, secrets=request.acceptSecrets, references=request.acceptResources),
        )

    def outputs(self, request: Any, context: Any) -> Any:
        """A component, or the stack, has its outputs."""
        self._ask(Outputs(request.urn, from_struct(request.outputs)))
        return empty_pb2.Empty()

    def invoke(self, request: Any, context: Any) -> Any:
        """A function is called."""
        if urns.package_of(request.tok) != "pulumi":
            raise NotSupported(
                f"the built-in engine calls no functions of packages ({request.tok}): use the Pulumi CLI"
            )
        answer = self._builtin.invoke(request.tok, from_struct(request.args))
        message: dict[str, Any] = {"return": to_struct(answer, secrets=True, references=True)}
        return resource_pb2.ResourceInvokeResponse(**message)

    def wait_for_shutdown(self, request: Any, context: Any) -> Any:
        """The program has nothing more to ask, and waits for the end of the run."""
        self.signalled = True
        self._post(ProgramEnded())
        self._shut_down.wait()
        if self._abandoned:
            raise Abandoned
        return empty_pb2.Empty()

    # -- providers that nobody has named

    def _default_provider(self, package: str) -> str:
        """The reference to a package's default provider, made when the first resource needs it."""
        with self._default_lock:
            if package not in self._defaults:
                goal = Goal(
                    urns.PROVIDER_PREFIX + package, "default", custom=True, properties=self._config_for(package)
                )
                registration = Registration(goal)
                self._ask(registration)
                state = registration.state
                if registration.result != "success" or not isinstance(state, ResourceState):
                    raise Abandoned
                self._defaults[package] = urns.reference_to(state.urn, state.id)
            return self._defaults[package]

    def _config_for(self, package: str) -> Properties:
        """A default provider's inputs: a dynamic one gets the whole configuration, all values texts."""
        return {
            key if package == urns.DYNAMIC_PACKAGE else key.split(":", 1)[1]: Secret(v.value) if v.secret else v.value
            for key, v in self._context.config.items()
            if package == urns.DYNAMIC_PACKAGE or key.split(":", 1)[0] == package
        }

    # -- the service

    def handlers(self) -> _Handlers:
        """The service, for a server."""
        pb = resource_pb2
        methods = {
            "GetDeploymentInfo": (self.deployment_info, empty_pb2.Empty),
            "SupportsFeature": (self.supports_feature, pb.SupportsFeatureRequest),
            "RegisterResource": (self._traced("RegisterResource", self.register), pb.RegisterResourceRequest),
            "ReadResource": (self._traced("ReadResource", self.read), pb.ReadResourceRequest),
            "RegisterResourceOutputs": (
                self._traced("RegisterResourceOutputs", self.outputs),
                pb.RegisterResourceOutputsRequest,
            ),
            "Invoke": (self._traced("Invoke", self.invoke), pb.ResourceInvokeRequest),
            "SignalAndWaitForShutdown": (
                self._traced("SignalAndWaitForShutdown", self.wait_for_shutdown),
                empty_pb2.Empty,
            ),
            "RegisterStackTransform": (_refuse(_NO_TRANSFORMS), empty_pb2.Empty),
            "RegisterStackInvokeTransform": (_refuse(_NO_TRANSFORMS), empty_pb2.Empty),
            "RegisterResourceHook": (_refuse(_NO_HOOKS), empty_pb2.Empty),
            "RegisterErrorHook": (_refuse(_NO_HOOKS), empty_pb2.Empty),
            "RegisterPackage": (_refuse(_NO_PACKAGES), empty_pb2.Empty),
            "Call": (_refuse(_NO_PACKAGES), empty_pb2.Empty),
        }
        return _service("pulumirpc.ResourceMonitor", methods)

    def _traced(self, name: str, method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        trace = self._trace
        if trace is None:
            return method

        def serve(request: Any, context: Any) -> Any:
            call = trace.begin("ResourceMonitor", name, request)
            try:
                response = method(request, context)
            except Abandoned:
                raise  # it never was answered
            except Exception as error:
                trace.end(call, error=f"rpc error: code = Unknown desc = {error}")
                raise
            trace.end(call, response)
            return response

        return serve


# What we have of the SDK's ResourceMonitorFeature. Transforms and hooks are claimed so that a program that uses them is
# told by us what is missing, and not by the SDK that its CLI is too old.
_FEATURES = {
    "SECRETS",
    "RESOURCE_REFERENCES",
    "OUTPUT_VALUES",
    "ALIAS_SPECS",
    "REPLACEMENT_TRIGGER",
    "DELETED_WITH",
    "REPLACE_WITH",
    "TRANSFORMS",
    "INVOKE_TRANSFORMS",
    "PARAMETERIZATION",
    "RESOURCE_HOOKS",
    "ERROR_HOOKS",
}


def _refuse(sentence: str) -> Callable[[Any, Any], Any]:
    def method(request: Any, context: Any) -> Any:  # noqa: ARG001
        raise NotSupported(sentence)

    return method


def _service(name: str, methods: Mapping[str, tuple[Callable[[Any, Any], Any], Any]]) -> _Handlers:
    """A gRPC service of plain functions; what they raise becomes a status with a sentence."""

    def handler(method: Callable[[Any, Any], Any], request_type: Any) -> Any:
        def serve(request: Any, context: Any) -> Any:
            try:
                return method(request, context)
            except Abandoned:
                context.abort(grpc.StatusCode.CANCELLED, "the run was stopped")
            except NotSupported as refusal:
                context.abort(grpc.StatusCode.UNIMPLEMENTED, str(refusal))
            except ProviderError as error:
                context.abort(grpc.StatusCode.UNKNOWN, str(error))

        return grpc.unary_unary_rpc_method_handler(
            serve,
            request_deserializer=request_type.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )

    return grpc.method_handlers_generic_handler(name, {key: handler(*value) for key, value in methods.items()})


class Server:
    """A gRPC server on a free port of the loopback interface.

    Attributes:
        address: ``127.0.0.1:<port>``.
    """

    def __init__(self, *services: _Handlers) -> None:
        self._server = grpc.server(
            futures.ThreadPoolExecutor(_MANY_THREADS, thread_name_prefix="monitor"), options=CHANNEL_OPTIONS
        )
        self._server.add_generic_rpc_handlers(services)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        """Answer nothing any more."""
        self._server.stop(0).wait(5)
