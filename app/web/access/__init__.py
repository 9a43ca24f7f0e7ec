"""Who may see the pages: signing in and out, and forms that only our own pages can send."""
