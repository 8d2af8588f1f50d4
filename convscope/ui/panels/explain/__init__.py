"""Why did it say that: maps of where a network looked, and whether they are true."""
