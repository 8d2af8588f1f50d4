"""What works on what is open, whichever panel is on show: opens it, classifies it, splits it."""
