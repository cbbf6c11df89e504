"""Names that a completion uses and that exist nowhere, as far as its repository tells.

A wrong alarm on right code is worse than a miss: what can't be told for certain counts as known.
"""
