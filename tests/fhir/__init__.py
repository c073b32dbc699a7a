"""Stories about the record as FHIR R4."""
