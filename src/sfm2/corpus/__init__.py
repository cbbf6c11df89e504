"""Code that people wrote: files of repositories, and holes cut out of them, to ask about and to learn from."""
