"""Training of the learned generator: clips, losses, the loop, and what it leaves on disk."""
