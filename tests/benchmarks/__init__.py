"""Measurements: what operations cost in requests and time, and the built-in engine beside the Pulumi CLI."""
