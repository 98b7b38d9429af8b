"""The emulator answers like HubSpot: one test for each thing known of it."""
