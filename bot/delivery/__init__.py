"""How is each edition posted once? Nothing lost, nothing doubled, every unknown shown."""
