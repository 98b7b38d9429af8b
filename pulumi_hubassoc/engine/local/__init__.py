"""The built-in engine: runs a Pulumi program's stacks with the real Python SDK and without the Pulumi CLI."""

from .engine import LocalEngine, LocalStack
from .trace import Trace

__all__ = ["LocalEngine", "LocalStack", "Trace"]
