"""Stories about tablets: pairing them, signing in on them, taking them away."""
