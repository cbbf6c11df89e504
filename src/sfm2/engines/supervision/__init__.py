"""Keeping an engine's process running, whatever it runs, and the engine that is made of one."""
