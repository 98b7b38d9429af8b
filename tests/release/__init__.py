"""Makes a release and refuses what is not fit to be one: `poe release`."""
