"""Child processes that do not outlive their parent, an orderly end on signals, and ports that do not collide."""
