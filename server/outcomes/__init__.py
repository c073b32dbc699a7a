"""Outcomes: assessments by clinicians, questionnaires by patients, ratings by a blinded panel."""
