"""The application: features in a fixed order, from the ground (db, clock, problems) up to the pages."""
