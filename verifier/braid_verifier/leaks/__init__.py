"""Leaked reasoning: deliberation in text and comments that no provider signature covers.

Where to look is `passages`, `comments` and what they stand on; it knows no words. What to make of
a passage is the detector's.
"""
