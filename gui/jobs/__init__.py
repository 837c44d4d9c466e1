"""Long work a person asked for: what runs, what waits, what has ended, and what each of them said."""
