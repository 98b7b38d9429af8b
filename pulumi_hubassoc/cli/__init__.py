"""The command line `hubassoc`: parses, calls, prints. `main` starts it."""
