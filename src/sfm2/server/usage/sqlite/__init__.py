"""The store of one machine: an SQLite file that all workers share."""
