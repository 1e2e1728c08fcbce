"""Real servers under load, with faults really done to them and written down."""
