"""How do people call it? The command `thisday`; each command is a module that is imported when it is called."""
