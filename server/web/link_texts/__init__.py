"""The words of the patient's page, one module for each language; `check(days, months, years)` names a visit by its distance."""
