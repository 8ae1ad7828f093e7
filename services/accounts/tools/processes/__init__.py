"""What any program here needs that starts others: none outlives it, it ends in order, and ports do not collide."""
