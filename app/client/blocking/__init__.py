"""The client whose calls return when they are done."""
