"""Find what to run: subjects in pages and scripts, their marks, and the TOML files of docs."""
