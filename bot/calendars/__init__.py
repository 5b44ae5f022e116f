"""What falls on a day? Pure values and arithmetic: no clock, no network, no database."""
