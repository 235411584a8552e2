"""What a build writes beside the text of its pages, and what it changes in their HTML."""
