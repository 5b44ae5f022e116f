"""How does an edition read? Pure: an edition, a template and a budget in, a message out."""
