"""A fleet: one schema in many portals, a stack for each."""
