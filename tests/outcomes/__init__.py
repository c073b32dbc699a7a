"""Stories about what became of the scars: assessments, adverse events, scars measured again."""
