"""What `hubassoc doctor` looks at: `checks` has the list, `scene` what they share. Knows how to find, not how to show."""
