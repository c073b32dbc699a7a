"""The record as FHIR R4: read calls and bundles for other systems. Read only."""
