"""What a person sets once for all audits: a table of typed parameters, a file anyone can read, and a dialog."""
