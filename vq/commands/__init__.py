"""One file for each command of `vq`: its arguments, and what it says. And what they share."""
