"""Pure maps: rows in, R4 resources as plain dicts out. Written by hand against the R4 definitions; no library at run time."""
