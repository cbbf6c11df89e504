"""Engines that somebody else keeps running, by their URLs: which kind of server it is, is found out by asking."""
