"""Plain versions that a student could have written, against which the fast ones are tested."""
