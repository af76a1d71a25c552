"""What is known to be wrong before a cell is sent: pure rules, and a survey of the facts."""
