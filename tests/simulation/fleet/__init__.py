"""A fleet of ten thousand portals: what one job costs is measured, and what ten thousand do is computed from it."""
