"""The patterns panel."""
