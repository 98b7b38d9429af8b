"""The resources. Paths and class names of providers in here are stored in users' state and never change."""
