"""The cues, a module for each group of moves of English and one for each other language."""
