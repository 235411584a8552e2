"""Files that a build writes in addition to its pages, and changes to the pages' HTML."""
