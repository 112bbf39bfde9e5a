"""`tap-ayrshare --test`: what a run will find, said before it."""
