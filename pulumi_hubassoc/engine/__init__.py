"""Engines: what runs a Pulumi program's stacks. They know nothing of HubSpot."""
