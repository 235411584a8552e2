"""Run a real Visdom server and its front end in a browser; read and draw panes."""
