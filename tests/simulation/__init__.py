"""Seeded lives of stacks: program edits, drift, faults and kills in any order, and what must be true whenever it is quiet."""
