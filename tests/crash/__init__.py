"""Kill -9 of everything, everywhere: what is left is always put right by the documented recovery."""
