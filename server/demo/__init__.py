"""The demo clinic: Riverside Plastic Surgery, its people, the documented case, and about forty believable earlier ones."""
