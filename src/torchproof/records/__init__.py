"""What was seen to hold: verdicts, the records of environments, and what follows from them."""
