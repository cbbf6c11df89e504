"""The parts of the docs site that are made from the code: settings, routes, commands, errors."""
