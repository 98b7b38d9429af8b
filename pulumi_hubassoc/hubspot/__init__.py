"""HubSpot: its facts, its wire shapes, its API, and one cached view of a portal. Nothing here knows Pulumi."""
