"""What the project's own make targets need: the contract's gate and the generated reference."""
