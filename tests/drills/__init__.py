"""The failure drills: faults F1 to F24 on real processes of one machine, and a checker after each. `python -m tests.drills`."""
