"""A real Visdom server, its front end in a browser, and the panes that they hold."""
