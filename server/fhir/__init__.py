"""The record as FHIR R4 (4.0.1): pure maps of our rows into resources, and an interface to read them."""
