"""Tools for those who work on SFM-2."""
